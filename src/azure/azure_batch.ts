import type { CallOptions } from "../core/env.ts";
import { assert } from "../core/errors.ts";
import type { Semaphore } from "../core/semaphore.ts";
import { mapWithin } from "../storage/map_within.ts";
import type { ObjectBatch, ObjectGroup } from "../storage/object_store.ts";
import type { BlobContainer } from "./blob_container.ts";
import { hasCode } from "./blob_errors.ts";
import { stageBlob, type StagedBlob } from "./staged_blob.ts";

export interface AzureBatchOptions {
  readonly container: BlobContainer;
  /** Bounds the groups becoming visible at one time, whole process: small ones are uploaded then. */
  readonly uploads: Semaphore;
  /** Rejects when the mailbox that the batch belongs to is no longer held. */
  readonly checkHeld: (options: CallOptions) => Promise<void>;
  /** A new id for the blocks of one part: 16 hex digits. */
  readonly newStagingId: () => string;
  /** Told the name of each blob that has become visible. */
  readonly onPublished: (name: string) => void;
}

/**
 * Blobs of one batch. Staging leaves large content as uncommitted blocks, which no reader sees and the
 * service drops after a week, and holds small content. Publishing commits the blocks, or stores the
 * small content by one call, in the order of a group's parts.
 */
export class AzureBatch implements ObjectBatch {
  readonly #options: AzureBatchOptions;
  readonly #groups: (readonly StagedBlob[])[] = [];

  constructor(options: AzureBatchOptions) {
    this.#options = options;
  }

  async stage(group: ObjectGroup, { signal }: CallOptions): Promise<void> {
    const { container, newStagingId, checkHeld } = this.#options;
    await checkHeld({ signal });
    const staged: StagedBlob[] = [];
    for (const part of group) {
      signal.throwIfAborted();
      staged.push(await stageBlob(container, part, { signal, stagingId: newStagingId() }));
    }
    this.#groups.push(staged);
  }

  async publish(options: CallOptions): Promise<void> {
    options.signal.throwIfAborted();
    if (this.#groups.length === 0) return;
    await this.#options.checkHeld(options);
    const reveal = (group: readonly StagedBlob[], inner: CallOptions) => this.#reveal(group, inner);
    await mapWithin(this.#options.uploads, this.#groups, reveal, options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#groups.length = 0;
    return Promise.resolve();
  }

  async #reveal(group: readonly StagedBlob[], { signal }: CallOptions): Promise<void> {
    const { container, onPublished } = this.#options;
    const last = group.at(-1);
    assert(last !== undefined, "a group has a part");
    // While the parts change, nothing may vouch for them: a kill here leaves the email absent, to
    // be delivered again, instead of a record of other bytes.
    if (group.length > 1) await unlessImmutable(container.remove(last.name, { signal }));
    for (const blob of group) {
      await unlessImmutable(store(container, blob, { signal }));
      onPublished(blob.name);
    }
  }
}

async function store(
  container: BlobContainer,
  blob: StagedBlob,
  { signal }: CallOptions,
): Promise<void> {
  if ("immutable" in blob) return;
  const { name } = blob;
  if ("content" in blob) await container.put(name, blob.content, { signal });
  else await container.commit(name, { signal, blockIds: blob.blockIds, md5: blob.md5 });
}

/** In a container with an immutability policy a blob that is there counts as stored (spec section 5). */
async function unlessImmutable(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (thrown) {
    if (!hasCode(thrown, "BlobImmutableDueToPolicy")) throw thrown;
  }
}
