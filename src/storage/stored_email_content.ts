import { createHash } from "node:crypto";
import type { CallOptions } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { heldMimeContent, type MimeContent } from "../core/mime_content.ts";
import type { ContentFacts } from "./measured_content.ts";
import type { ReadOptions } from "./object_store.ts";

/** Opens objects of any size. */
export interface ObjectContents {
  /**
   * The first `bytesMax` bytes of an object, as they are read; `undefined` if there is none. What
   * was replaced while it is read may come in a mixture. Rejects and fails as `ObjectStore.read`.
   */
  open(name: string, options: ReadOptions): Promise<AsyncIterable<Uint8Array> | undefined>;
}

/** The content of a stored email, and what its record vouches for. */
export interface StoredContentAt extends ContentFacts {
  /** Name of the object. */
  readonly name: string;
}

/**
 * Opens the content of a stored email. Small content is read, checked and held; larger content flows
 * whenever it is opened, and fails at its end, with the same error, if it is not what it should be.
 * Rejects with kind `item` and code `StoredEmailDamaged` for content that is missing or other bytes
 * than its record vouches for, and as `ObjectContents` does.
 */
export async function openStoredContent(
  contents: ObjectContents,
  at: StoredContentAt,
  options: CallOptions,
): Promise<MimeContent> {
  const { signal } = options;
  if (at.sizeBytes > LIMITS.heldMimeBytesMax) {
    return { open: (signal) => ReadableStream.from(checked(contents, at, { signal })) };
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of checked(contents, at, { signal })) chunks.push(chunk);
  return heldMimeContent(chunks);
}

/** An email that is stored, but not as it was delivered. Names the object, and nothing in it. */
export function storedEmailDamaged(name: string, fault: string): SyncError {
  return new SyncError("item", "StoredEmailDamaged", `Stored email "${name}": ${fault}`, {
    hint: "Check the storage; remove both of its objects, then `verify --repair` delivers it anew",
  });
}

async function* checked(
  contents: ObjectContents,
  { name, sha256, sizeBytes }: StoredContentAt,
  { signal }: CallOptions,
): AsyncGenerator<Uint8Array, void> {
  // One byte more tells that there are too many.
  const content = await contents.open(name, { signal, bytesMax: sizeBytes + 1 });
  if (!content) throw storedEmailDamaged(name, "the content is missing");
  const hash = createHash("sha256");
  let bytes = 0;
  for await (const chunk of content) {
    signal.throwIfAborted();
    bytes += chunk.byteLength;
    if (bytes > sizeBytes) throw storedEmailDamaged(name, "the content is longer than recorded");
    hash.update(chunk);
    yield chunk;
  }
  if (bytes < sizeBytes) throw storedEmailDamaged(name, "the content is shorter than recorded");
  if (hash.digest("hex") !== sha256) {
    throw storedEmailDamaged(name, "the content is other than recorded");
  }
}
