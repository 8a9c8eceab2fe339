import type { BlockBlobClient, ContainerClient } from "@azure/storage-blob";
import type { CallOptions, Env } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { retry } from "../core/retry.ts";

export interface ContainerCallsOptions {
  /** Asked for with every call: signing in may have to wait until it works. */
  readonly client: (options: CallOptions) => Promise<ContainerClient>;
  /** What an error becomes that is not tried again. */
  readonly given: (error: SyncError) => SyncError;
  /** Every name lies below it; no slash at its ends, empty for none. */
  readonly prefix: string;
  readonly env: Env;
  /** How often a call is tried at most. */
  readonly attemptsMax: number;
}

/** What is asked for, in the words of Microsoft's reference. */
export interface CallOf extends CallOptions {
  readonly operation:
    | "Copy Blob"
    | "Delete Blob"
    | "Get Blob"
    | "Get Blob Properties"
    | "Lease Blob"
    | "List Blobs"
    | "Put Blob"
    | "Put Block"
    | "Put Block List";
}

/** Blips are tried again for so long; what lasts longer is the whole destination's. */
const BLIP_MS_MAX = 30_000;

/**
 * Calls on one container, by names below a prefix: the one place where any is tried again. It is,
 * within bounds, while what fails can pass; a delay the service names is obeyed. Then it rejects
 * with a `SyncError` of kind `destination` or `fatal` and a code of the service
 * (`blob_errors.ts`), or with the signal's reason. Every call must be safe to repeat: contents are
 * held, and conditions tell a repetition apart.
 */
export class ContainerCalls {
  readonly #options: ContainerCallsOptions;

  constructor(options: ContainerCallsOptions) {
    this.#options = options;
  }

  /** Runs `call` on the blob of that name. */
  onBlob<T>(
    name: string,
    { operation, signal }: CallOf,
    call: (blob: BlockBlobClient) => Promise<T>,
  ): Promise<T> {
    return this.onContainer(
      { operation, signal },
      (container) => call(container.getBlockBlobClient(this.pathOf(name))),
    );
  }

  /** Runs `call`, again where that may help. */
  async onContainer<T>(
    { operation, signal }: CallOf,
    call: (container: ContainerClient) => Promise<T>,
  ): Promise<T> {
    const { client, given, env, attemptsMax } = this.#options;
    const attempt = async () => {
      try {
        return await call(await client({ signal }));
      } catch (thrown) {
        signal.throwIfAborted();
        const error = understood(thrown);
        throw error instanceof SyncError ? error.in({ operation }) : error;
      }
    };
    try {
      return await retry(attempt, {
        env,
        signal,
        budgetMs: BLIP_MS_MAX,
        attemptsMax: () => attemptsMax,
      });
    } catch (thrown) {
      signal.throwIfAborted();
      throw thrown instanceof SyncError && thrown.kind !== "fatal" ? given(thrown) : thrown;
    }
  }

  /** The full name of a blob. */
  pathOf(name: string): string {
    const { prefix } = this.#options;
    return prefix === "" ? name : `${prefix}/${name}`;
  }

  /** The name below the prefix. */
  nameOf(path: string): string {
    const { prefix } = this.#options;
    return prefix === "" ? path : path.slice(prefix.length + 1);
  }
}

/** What the SDK throws by itself is about an answer it cannot read. */
function understood(thrown: unknown): unknown {
  // A range error is about header fields that something on the way has removed.
  const isOfSdk = thrown instanceof RangeError ||
    (thrown instanceof Error && thrown.name === "RestError");
  if (!isOfSdk) return thrown;
  return new SyncError("retryable", "NotBlobStorage", "The Blob service's answer cannot be read", {
    hint: "Check `REINFER_EWS_AZURE_BLOB_ENDPOINT`, and that no proxy answers in its place",
  });
}
