import { createHash } from "node:crypto";
import type { BlobRequestConditions, Metadata } from "@azure/storage-blob";
import type { CallOptions } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { present } from "../storage/present.ts";
import { hasCode } from "./blob_errors.ts";
import type { ContainerCalls } from "./container_calls.ts";

/** A blob's content, or a part of it. */
export interface ReadBlob {
  readonly bytes: Uint8Array;
  readonly etag: string;
}

export interface ReadBlobOptions extends CallOptions {
  readonly bytesMax: number;
  /** Where the part begins, in bytes; default 0. */
  readonly offset?: number;
  /** Rejects with code `ConditionNotMet` for a blob with another one; absent: any will do. */
  readonly etag?: string;
}

/** What a blob says of itself. */
export interface BlobFacts {
  readonly etag: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface WriteOptions extends CallOptions {
  /** Absent: whatever is there is replaced. */
  readonly conditions?: BlobRequestConditions;
  readonly metadata?: Metadata;
}

export interface CommitOptions extends WriteOptions {
  readonly blockIds: readonly string[];
  /** Of the whole content; kept beside it. */
  readonly md5: Uint8Array;
}

export interface NamePage {
  readonly names: readonly string[];
  /** Continues after this page; absent at the end. */
  readonly next?: string;
}

const PAGE_NAMES = 1000;

/**
 * The calls of the Blob service that an object store is made of, by names below a prefix. Each
 * rejects as `ContainerCalls` does.
 */
export class BlobContainer {
  readonly #calls: ContainerCalls;

  constructor(calls: ContainerCalls) {
    this.#calls = calls;
  }

  /** At most `bytesMax` bytes of a blob; nothing if there is none. */
  async read(
    name: string,
    { signal, bytesMax, offset = 0, etag: ifMatch }: ReadBlobOptions,
  ): Promise<ReadBlob | undefined> {
    try {
      return await this.#calls.onBlob(name, { operation: "Get Blob", signal }, async (blob) => {
        const { etag = "", contentLength = 0, readableStreamBody } = await blob.download(
          offset,
          bytesMax,
          { abortSignal: signal, maxRetryRequests: 0, conditions: present({ ifMatch }) },
        );
        const content = new Uint8Array(Math.min(bytesMax, contentLength));
        return { etag, bytes: await wholly(() => filled(content, readableStreamBody)) };
      });
    } catch (thrown) {
      if (hasCode(thrown, "BlobNotFound")) return undefined;
      // There is no byte at `offset`: it ends there or before, or it is empty.
      if (!hasCode(thrown, "InvalidRange", "Http416")) throw thrown;
      const facts = await this.look(name, { signal });
      return facts && { etag: facts.etag, bytes: new Uint8Array() };
    }
  }

  /** What a blob says of itself; nothing if there is none. */
  async look(name: string, { signal }: CallOptions): Promise<BlobFacts | undefined> {
    try {
      return await this.#calls.onBlob(
        name,
        { operation: "Get Blob Properties", signal },
        async (blob) => {
          const { etag = "", metadata = {} } = await blob.getProperties({ abortSignal: signal });
          return { etag, metadata };
        },
      );
    } catch (thrown) {
      if (hasCode(thrown, "BlobNotFound")) return undefined;
      throw thrown;
    }
  }

  /** Creates or replaces a blob whole; resolves to its ETag. */
  async put(name: string, content: Uint8Array, options: WriteOptions): Promise<string> {
    const { signal } = options;
    return await this.#calls.onBlob(name, { operation: "Put Blob", signal }, async (blob) => {
      const { etag = "" } = await blob.upload(content, content.byteLength, {
        ...writing(name, md5Of(content), options),
        abortSignal: signal,
      });
      return etag;
    });
  }

  /** Stores a block that no reader sees; the service drops it after a week unless committed. */
  async putBlock(
    name: string,
    id: string,
    content: Uint8Array,
    { signal }: CallOptions,
  ): Promise<void> {
    await this.#calls.onBlob(name, { operation: "Put Block", signal }, async (blob) => {
      const transactionalContentMD5 = md5Of(content);
      const options = { abortSignal: signal, transactionalContentMD5 };
      await blob.stageBlock(id, content, content.byteLength, options);
    });
  }

  /** Makes blocks a blob, in place of whatever was there. */
  async commit(name: string, options: CommitOptions): Promise<void> {
    const { signal, blockIds, md5 } = options;
    await this.#calls.onBlob(name, { operation: "Put Block List", signal }, async (blob) => {
      const written = { ...writing(name, md5, options), abortSignal: signal };
      await blob.commitBlockList([...blockIds], written);
    });
  }

  /** Removes a blob with its snapshots; one that is absent counts as removed. */
  async remove(name: string, { signal, conditions }: WriteOptions): Promise<void> {
    try {
      await this.#calls.onBlob(name, { operation: "Delete Blob", signal }, async (blob) => {
        const deleteSnapshots = "include" as const;
        await blob.delete({ abortSignal: signal, deleteSnapshots, ...present({ conditions }) });
      });
    } catch (thrown) {
      if (!hasCode(thrown, "BlobNotFound")) throw thrown;
    }
  }

  /** Gives a blob's content another name, whatever its size, without reading it. */
  async copy(from: string, to: string, { signal }: CallOptions): Promise<void> {
    await this.#calls.onContainer({ operation: "Copy Blob", signal }, async (container) => {
      const source = container.getBlobClient(this.#calls.pathOf(from)).url;
      const target = container.getBlobClient(this.#calls.pathOf(to));
      const poller = await target.beginCopyFromURL(source, { abortSignal: signal });
      await wholly(() => poller.pollUntilDone());
    });
  }

  /** One page of the names below a folder, in order. */
  async names(
    folder: string,
    { signal, after, limit = PAGE_NAMES }: CallOptions & {
      readonly after?: string;
      readonly limit?: number;
    },
  ): Promise<NamePage> {
    return await this.#calls.onContainer({ operation: "List Blobs", signal }, async (container) => {
      const pages = container.listBlobsFlat({
        prefix: this.#calls.pathOf(`${folder}/`),
        abortSignal: signal,
      })
        .byPage({ maxPageSize: limit, ...present({ continuationToken: after }) });
      const { value } = await pages.next();
      const names = value.segment.blobItems.map((item: { name: string }) =>
        this.#calls.nameOf(item.name)
      );
      return { names, ...(value.continuationToken ? { next: value.continuationToken } : {}) };
    });
  }

  /** Last segments of the names directly in a folder, of blobs and of folders. */
  async children(folder: string, { signal }: CallOptions): Promise<readonly string[]> {
    const prefix = this.#calls.pathOf(`${folder}/`);
    const found: string[] = [];
    let after: string | undefined;
    do {
      after = await this.#calls.onContainer(
        { operation: "List Blobs", signal },
        async (container) => {
          const pages = container.listBlobsByHierarchy("/", { prefix, abortSignal: signal })
            .byPage({ maxPageSize: PAGE_NAMES, ...present({ continuationToken: after }) });
          const { value } = await pages.next();
          const { blobItems, blobPrefixes = [] } = value.segment;
          for (const { name } of [...blobItems, ...blobPrefixes]) {
            found.push(name.slice(prefix.length).replace(/\/$/, ""));
          }
          return value.continuationToken || undefined;
        },
      );
    } while (after !== undefined);
    return found;
  }
}

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  eml: "message/rfc822",
  json: "application/json",
};

function writing(name: string, md5: Uint8Array, { conditions, metadata }: WriteOptions) {
  const type = CONTENT_TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "text/plain";
  return {
    blobHTTPHeaders: { blobContentType: type, blobContentMD5: md5 },
    ...present({ conditions, metadata }),
  };
}

function md5Of(content: Uint8Array): Uint8Array {
  return createHash("md5").update(content).digest();
}

/** What the SDK says of a body that ended early, or of a copy that did, is of no kind of its own. */
async function wholly<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof SyncError || !(thrown instanceof Error)) throw thrown;
    const message = "The Blob service broke off what it had begun";
    throw new SyncError("retryable", "ResponseCutShort", message, {
      cause: thrown,
      hint: "Check what stands between this machine and the service if this repeats",
    });
  }
}

/** What a stream has, as far as it fits. Read to its end, its connection serves other calls. */
async function filled(
  content: Uint8Array,
  stream: AsyncIterable<unknown> | undefined,
): Promise<Uint8Array> {
  let length = 0;
  for await (const chunk of stream ?? []) {
    if (!(chunk instanceof Uint8Array)) continue;
    const fitting = chunk.subarray(0, content.byteLength - length);
    content.set(fitting, length);
    length += fitting.byteLength;
    if (fitting.byteLength < chunk.byteLength) break;
  }
  return content.subarray(0, length);
}
