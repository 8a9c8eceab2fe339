import type { CallOptions, Env } from "../core/env.ts";
import { LIMITS } from "../core/limits.ts";
import type { Semaphore } from "../core/semaphore.ts";
import type {
  ObjectBatch,
  ObjectStore,
  ReadOptions,
  WalkOptions,
} from "../storage/object_store.ts";
import type { ObjectContents } from "../storage/stored_email_content.ts";
import { AzureBatch } from "./azure_batch.ts";
import type { BlobContainer, ReadBlob, ReadBlobOptions } from "./blob_container.ts";
import { hasCode } from "./blob_errors.ts";
import type { BlobLeases } from "./blob_leases.ts";
import { HeldBlobs } from "./held_blobs.ts";
import { LEASE_S, MailboxLease } from "./mailbox_lease.ts";
import { uuidOf } from "./uuid.ts";

export interface AzureObjectStoreOptions {
  readonly container: BlobContainer;
  readonly leases: BlobLeases;
  /** Bounds what is uploaded at one time, whole process. */
  readonly uploads: Semaphore;
  readonly env: Env;
  /**
   * How long `lock` waits while somebody else holds a lease, ms: the lease of a holder that was
   * killed ends within a minute. Default 0.
   */
  readonly lockWaitMsMax?: number;
}

/** A lock that is held, and the two folders that it guards. */
interface Hold {
  readonly dataFolder: string;
  readonly lease: MailboxLease;
  readonly blobs: HeldBlobs;
}

/** How often a lease that is waited for is asked for. */
const LOCK_AGAIN_MS = 5_000;
/** What of an opened blob is in memory at a time. */
const RANGE_BYTES = 1024 * 1024;
const LOCK_TEXT = new TextEncoder().encode(
  "Whoever holds a lease on this blob syncs the mailbox.\n",
);

/** Objects as block blobs of one container of Azure Blob Storage. */
export class AzureObjectStore implements ObjectStore, ObjectContents {
  readonly #options: AzureObjectStoreOptions;
  /** By the folder of the lock. */
  readonly #holds = new Map<string, Hold>();
  /** Folders in which something was seen or stored; at most `LIMITS.knownFoldersMax`. */
  readonly #filled = new Set<string>();

  constructor(options: AzureObjectStoreOptions) {
    this.#options = options;
  }

  async read(name: string, options: ReadOptions): Promise<Uint8Array | undefined> {
    const hold = this.#holds.get(folderOf(name));
    const found = await this.#read(name, options);
    hold?.blobs.seen(name, found?.etag);
    return found?.bytes;
  }

  /**
   * Reads by ranges, each of which is tried again by itself. What is replaced or removed meanwhile
   * ends there.
   */
  async open(
    name: string,
    { signal, bytesMax }: ReadOptions,
  ): Promise<AsyncIterable<Uint8Array> | undefined> {
    const first = await this.#read(name, { signal, bytesMax: Math.min(RANGE_BYTES, bytesMax) });
    return first && this.#ranges(name, first, { signal, bytesMax });
  }

  async *#ranges(
    name: string,
    { etag, bytes: beginning }: ReadBlob,
    { signal, bytesMax }: ReadOptions,
  ): AsyncGenerator<Uint8Array, void> {
    yield beginning;
    let offset = beginning.byteLength;
    // A range that is not full was the last.
    while (offset > 0 && offset % RANGE_BYTES === 0 && offset < bytesMax) {
      const range = { offset, bytesMax: Math.min(RANGE_BYTES, bytesMax - offset), etag };
      const found = await this.#read(name, { signal, ...range });
      if (!found || found.bytes.byteLength === 0) return;
      yield found.bytes;
      offset += found.bytes.byteLength;
    }
  }

  async #read(name: string, options: ReadBlobOptions): Promise<ReadBlob | undefined> {
    options.signal.throwIfAborted();
    try {
      return await this.#options.container.read(name, options);
    } catch (thrown) {
      // What somebody archived is not at hand: it is stored again, and then it is.
      if (hasCode(thrown, "BlobArchived") && name.startsWith("data/")) return undefined;
      // The version that was asked for has gone.
      if (hasCode(thrown, "ConditionNotMet")) return undefined;
      throw thrown;
    }
  }

  async list(folder: string, options: CallOptions): Promise<readonly string[]> {
    options.signal.throwIfAborted();
    return await this.#options.container.children(folder, options);
  }

  /** A flat listing, which has no folders to enter or to pass by. */
  async *walk(folder: string, { signal }: WalkOptions): AsyncGenerator<string, void> {
    let after: string | undefined;
    do {
      signal.throwIfAborted();
      const page = await this.#options.container.names(folder, {
        signal,
        ...(after === undefined ? {} : { after }),
      });
      yield* page.names;
      after = page.next;
    } while (after !== undefined);
  }

  async mayHold(folder: string, { signal }: CallOptions): Promise<boolean> {
    signal.throwIfAborted();
    if (this.#filled.has(folder)) return true;
    const { names, next } = await this.#options.container.names(folder, { signal, limit: 1 });
    const isFilled = names.length > 0 || next !== undefined;
    if (isFilled) this.#noteFilled(folder);
    return isFilled;
  }

  async replace(name: string, content: Uint8Array, { signal }: CallOptions): Promise<void> {
    signal.throwIfAborted();
    const hold = this.#holds.get(folderOf(name));
    if (hold) await hold.blobs.replace(name, content, { signal });
    else await this.#options.container.put(name, content, { signal });
  }

  async rename(from: string, to: string, { signal }: CallOptions): Promise<void> {
    signal.throwIfAborted();
    const { container } = this.#options;
    const hold = this.#holds.get(folderOf(from));
    if (hold) return await hold.blobs.rename(from, to, { signal });
    await container.copy(from, to, { signal });
    await container.remove(from, { signal });
  }

  async remove(name: string, { signal }: CallOptions): Promise<void> {
    signal.throwIfAborted();
    const hold = this.#holds.get(folderOf(name));
    if (hold) await hold.blobs.remove(name, { signal });
    else await this.#options.container.remove(name, { signal });
  }

  batch(folder: string): ObjectBatch {
    const { container, uploads, env } = this.#options;
    const hold = this.#holds.values().find(({ dataFolder }) => dataFolder === folder);
    return new AzureBatch({
      container,
      uploads,
      checkHeld: async (options) => await hold?.lease.check(options),
      newStagingId: () => uuidOf(env.entropy).replaceAll("-", "").slice(0, 16),
      onPublished: (name) => this.#noteFilled(folderOf(name)),
    });
  }

  /**
   * Nothing has to be discarded: what an earlier holder left uncommitted is invisible, and the
   * service drops it after a week.
   */
  async lock(
    name: string,
    dataFolder: string,
    { signal }: CallOptions,
  ): Promise<AsyncDisposable | undefined> {
    const { env, lockWaitMsMax = 0 } = this.#options;
    const untilMs = env.clock.monotonicMs() + lockWaitMsMax;
    for (;;) {
      signal.throwIfAborted();
      const lease = await this.#leased(name, { signal });
      if (lease) return this.#held(name, dataFolder, lease);
      if (env.clock.monotonicMs() >= untilMs) return undefined;
      await env.clock.sleep(LOCK_AGAIN_MS, { signal });
    }
  }

  async #leased(name: string, { signal }: CallOptions): Promise<MailboxLease | undefined> {
    const { leases, container, env } = this.#options;
    const id = uuidOf(env.entropy);
    const acquire = async () => {
      const askedMs = env.clock.monotonicMs();
      const isOurs = await leases.acquire(name, id, { signal, durationS: LEASE_S });
      if (!isOurs) return undefined;
      return new MailboxLease({ leases, name, id, env, askedMs });
    };
    try {
      return await acquire();
    } catch (thrown) {
      if (!hasCode(thrown, "BlobNotFound")) throw thrown;
    }
    try {
      await container.put(name, LOCK_TEXT, { signal, conditions: { ifNoneMatch: "*" } });
    } catch (thrown) {
      // Somebody else made it meanwhile.
      if (!hasCode(thrown, "BlobAlreadyExists", "ConditionNotMet", "LeaseIdMissing")) throw thrown;
    }
    return await acquire();
  }

  #held(name: string, dataFolder: string, lease: MailboxLease): AsyncDisposable {
    const { container, env } = this.#options;
    const folder = folderOf(name);
    const writer = uuidOf(env.entropy);
    const blobs = new HeldBlobs({ container, lease, writer, log: env.log });
    const hold = { dataFolder, lease, blobs };
    this.#holds.set(folder, hold);
    return {
      [Symbol.asyncDispose]: async () => {
        // First: as soon as the lease is free, another call may take the lock.
        if (this.#holds.get(folder) === hold) this.#holds.delete(folder);
        await lease[Symbol.asyncDispose]();
      },
    };
  }

  #noteFilled(folder: string): void {
    if (this.#filled.size >= LIMITS.knownFoldersMax) this.#filled.clear();
    this.#filled.add(folder);
  }
}

function folderOf(name: string): string {
  return name.slice(0, name.lastIndexOf("/"));
}
