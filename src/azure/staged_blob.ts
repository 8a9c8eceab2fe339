import { createHash } from "node:crypto";
import type { CallOptions } from "../core/env.ts";
import type { ObjectPart } from "../storage/object_store.ts";
import type { BlobContainer } from "./blob_container.ts";
import { hasCode } from "./blob_errors.ts";

/** Content on its way to becoming a blob: all of it in memory, in blocks that nobody sees, or kept out. */
export type StagedBlob =
  | { readonly name: string; readonly content: Uint8Array }
  | { readonly name: string; readonly blockIds: readonly string[]; readonly md5: Uint8Array }
  /** An immutability policy keeps the blob that is there: it counts as stored (spec section 5). */
  | { readonly name: string; readonly immutable: true };

/**
 * Bytes of one block, which is all that is held of a large email. The service takes 50,000 blocks of
 * a blob: far more than any email has.
 */
const BLOCK_BYTES = 1024 * 1024;
/** Content up to this waits in memory and is stored by one call; most emails are such. */
const SINGLE_CALL_BYTES_MAX = 128 * 1024;

/**
 * Reads a part's content and stores what does not fit into one call as uncommitted blocks. What the
 * content throws is passed through. `stagingId` tells the blocks of this attempt from those of others:
 * 16 hex digits.
 */
export async function stageBlob(
  container: BlobContainer,
  part: ObjectPart,
  { signal, stagingId }: CallOptions & { readonly stagingId: string },
): Promise<StagedBlob> {
  const blocks = new BlockWriter(container, part.name, stagingId, signal);
  for await (const chunk of part.content()) await blocks.write(chunk);
  return await blocks.end();
}

class BlockWriter {
  readonly #container: BlobContainer;
  readonly #name: string;
  readonly #stagingId: string;
  readonly #signal: AbortSignal;
  readonly #hash = createHash("md5");
  readonly #blockIds: string[] = [];
  #buffer = new Uint8Array();
  #length = 0;
  #immutable = false;

  constructor(container: BlobContainer, name: string, stagingId: string, signal: AbortSignal) {
    this.#container = container;
    this.#name = name;
    this.#stagingId = stagingId;
    this.#signal = signal;
  }

  /** Copies the chunk: its buffer may be used again by whoever made it. */
  async write(chunk: Uint8Array): Promise<void> {
    this.#signal.throwIfAborted();
    for (let rest = chunk; rest.byteLength > 0;) {
      if (this.#length === BLOCK_BYTES) await this.#flush();
      this.#makeRoomFor(rest.byteLength);
      const fitting = rest.subarray(0, this.#buffer.byteLength - this.#length);
      this.#buffer.set(fitting, this.#length);
      this.#length += fitting.byteLength;
      rest = rest.subarray(fitting.byteLength);
    }
  }

  async end(): Promise<StagedBlob> {
    this.#signal.throwIfAborted();
    const name = this.#name;
    if (this.#blockIds.length === 0 && this.#length <= SINGLE_CALL_BYTES_MAX) {
      const isFull = this.#length === this.#buffer.byteLength;
      return { name, content: isFull ? this.#buffer : this.#buffer.slice(0, this.#length) };
    }
    if (this.#length > 0) await this.#flush();
    if (this.#immutable) return { name, immutable: true };
    return { name, blockIds: this.#blockIds, md5: this.#hash.digest() };
  }

  #makeRoomFor(bytes: number): void {
    const wanted = Math.min(BLOCK_BYTES, this.#length + bytes);
    if (wanted <= this.#buffer.byteLength) return;
    const size = Math.min(BLOCK_BYTES, Math.max(wanted, this.#buffer.byteLength * 2));
    const larger = new Uint8Array(size);
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }

  async #flush(): Promise<void> {
    const block = this.#buffer.subarray(0, this.#length);
    this.#length = 0;
    // All ids of a blob have one length ("Put Block"), and are in base64.
    const number = String(this.#blockIds.length).padStart(8, "0");
    const id = btoa(`${this.#stagingId}${number}`);
    this.#blockIds.push(id);
    // Once it is known to stay as it is, the content is only read: its hash and size are asked for.
    if (this.#immutable) return;
    this.#hash.update(block);
    try {
      await this.#container.putBlock(this.#name, id, block, { signal: this.#signal });
    } catch (thrown) {
      if (!hasCode(thrown, "BlobImmutableDueToPolicy")) throw thrown;
      this.#immutable = true;
    }
  }
}
