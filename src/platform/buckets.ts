import { z } from "zod";
import type { CallOptions, Env } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import type { BucketName } from "../core/mailbox.ts";
import type { PlatformClient, SendOptions } from "./platform_client.ts";
import { answerInvalidOf } from "./platform_errors.ts";
import { bucketUrl } from "./platform_paths.ts";

/** Who a bucket is said to be filled by; only with a remote configuration (spec section 5). */
export interface BucketStamp {
  readonly configOwner: string;
  readonly configKey: string;
  readonly shardIndex: number;
  readonly shardCount: number;
}

const BucketAnswer = z.object({
  bucket: z.object({ id: z.string().regex(/^[A-Za-z0-9_-]{1,128}$/) }),
});

/** The buckets of the platform, looked up once. They are never created. */
export class Buckets {
  readonly #client: PlatformClient;
  readonly #env: Pick<Env, "log">;
  readonly #stamp: BucketStamp | undefined;
  readonly #ids = new Map<string, Promise<string>>();

  constructor(client: PlatformClient, env: Pick<Env, "log">, stamp: BucketStamp | undefined) {
    this.#client = client;
    this.#env = env;
    this.#stamp = stamp;
  }

  /**
   * The id of a bucket, which is stamped when it is looked up first. Rejects with kind `mailbox`
   * and code `PlatformBucketMissing` or `PlatformForbidden`, and with kind `destination`.
   */
  async idOf(bucket: BucketName, options: CallOptions): Promise<string> {
    const name = fullNameOf(bucket);
    const known = this.#ids.get(name);
    if (known) return await known;
    const lookup = this.#lookUp(bucket, options);
    this.#ids.set(name, lookup);
    try {
      return await lookup;
    } catch (error) {
      if (this.#ids.get(name) === lookup) this.#ids.delete(name);
      throw error;
    }
  }

  /** Asks the platform, whatever is known. Rejects as `idOf` does. */
  async read(bucket: BucketName, options: SendOptions): Promise<string> {
    const answer = await this.#client.send({
      operation: "GetBucket",
      about: fullNameOf(bucket),
      method: "GET",
      url: bucketUrl(this.#client.endpoint, bucket),
    }, options);
    const { success, data } = BucketAnswer.safeParse(answer);
    if (success) return data.bucket.id;
    throw answerInvalidOf("GetBucket", 200, "a bucket without an id").as("destination");
  }

  /** To be called when a bucket was found to be gone. */
  forget(bucket: BucketName): void {
    this.#ids.delete(fullNameOf(bucket));
  }

  async #lookUp(bucket: BucketName, options: CallOptions): Promise<string> {
    const id = await this.read(bucket, options);
    await this.#writeStamp(bucket, options);
    return id;
  }

  /** At best effort: whether the bucket says who fills it decides nothing. */
  async #writeStamp(bucket: BucketName, options: CallOptions): Promise<void> {
    const stamp = this.#stamp;
    if (!stamp) return;
    const last_updated_by = {
      config_owner: stamp.configOwner,
      config_key: stamp.configKey,
      shard_index: stamp.shardIndex,
      num_shards: stamp.shardCount,
    };
    try {
      await this.#client.send({
        operation: "StampBucket",
        about: fullNameOf(bucket),
        method: "POST",
        url: bucketUrl(this.#client.endpoint, bucket),
        body: () => jsonBody({ bucket: { last_updated_by } }),
      }, { ...options, attemptsMax: () => 1 });
    } catch (thrown) {
      options.signal.throwIfAborted();
      if (!(thrown instanceof SyncError)) throw thrown;
      const { code, message } = thrown;
      this.#env.log.info("Bucket does not say that this configuration fills it.", {
        bucket: fullNameOf(bucket),
        code,
        reason: message,
      });
    }
  }
}

/** `owner/name`. */
export function fullNameOf({ owner, name }: BucketName): string {
  return `${owner}/${name}`;
}

/** A body of JSON. */
export function jsonBody(value: unknown) {
  return {
    contentType: "application/json",
    content: new TextEncoder().encode(JSON.stringify(value)),
  };
}
