import { createHash } from "node:crypto";
import type { Env } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import type { BucketName } from "../core/mailbox.ts";
import { fullNameOf, jsonBody } from "./buckets.ts";
import type { PlatformCall, PlatformClient, SendOptions } from "./platform_client.ts";
import { answerInvalidOf } from "./platform_errors.ts";
import { PLATFORM_LIMITS } from "./platform_limits.ts";
import { bucketSyncStateUrl, keyedSyncStatesUrl, keyedSyncStateUrl } from "./platform_paths.ts";
import { timeOf } from "./record_fingerprint.ts";
import { decodeSyncRecord, type SyncRecord, syncRecordWireOf } from "./sync_record.ts";

/** A bucket that was looked up. */
export interface BucketRef {
  readonly bucket: BucketName;
  readonly id: string;
}

/** Answers by which a platform says that it keeps no keyed sync states for us (spec section 5). */
const UNAVAILABLE = new Set(["PlatformForbidden", "PlatformBucketMissing", "PlatformPathUnknown"]);
const NOT_FOUND = "PlatformBucketMissing";

export interface KeyedStatesOptions {
  readonly client: PlatformClient;
  readonly env: Env;
  /** Whether states are kept elsewhere, too: then the platform's can be done without. */
  readonly canDoWithout: boolean;
}

/** The keyed sync states of the platform's buckets. */
export class KeyedStates {
  /** Tells the records of this process from those of others. */
  readonly writer: string;
  readonly #client: PlatformClient;
  readonly #env: Env;
  readonly #canDoWithout: boolean;
  readonly #available = new Map<string, Promise<boolean>>();
  /** What was said of a bucket once. */
  readonly #said = new Set<string>();

  constructor({ client, env, canDoWithout }: KeyedStatesOptions) {
    this.#client = client;
    this.#env = env;
    this.#canDoWithout = canDoWithout;
    this.writer = digits(env);
  }

  /**
   * Writes, reads and deletes a state that stands for nothing, under the mailbox name `check`.
   * Resolves to whether the platform keeps states in this bucket. Rejects with kind `destination`
   * and code `PlatformStatesUnavailable` if it does not and they cannot be done without.
   */
  async probe(at: BucketRef, options: SendOptions): Promise<boolean> {
    const isAvailable = await this.#tryOut(at, options);
    this.#available.set(at.id, Promise.resolve(isAvailable));
    return isAvailable;
  }

  /** The same, asked once for each bucket. */
  async areAvailable(at: BucketRef, options: SendOptions): Promise<boolean> {
    const known = this.#available.get(at.id);
    if (known) return await known;
    const probe = this.#tryOut(at, options);
    this.#available.set(at.id, probe);
    probe.catch(() => this.#available.delete(at.id));
    return await probe;
  }

  /** All records of a bucket, whoever wrote them; what is no record is left out. */
  async list(at: BucketRef, options: SendOptions): Promise<readonly SyncRecord[]> {
    const url = keyedSyncStatesUrl(this.#client.endpoint, at.id);
    const call: PlatformCall = {
      ...callOf("ListSyncStates", "GET", url, at),
      answerBytesMax: PLATFORM_LIMITS.statesBytesMax,
    };
    const answer = await this.#unlessMissing(call, options);
    if (answer === undefined) return [];
    const { keyed_sync_states: records } = answer as { readonly keyed_sync_states?: unknown };
    if (!Array.isArray(records)) {
      throw answerInvalidOf("ListSyncStates", 200, "no list of states").as("destination");
    }
    const decoded = records.map(decodeSyncRecord).filter((record) => record !== undefined);
    if (decoded.length < records.length) this.#sayUnreadable(at, records.length - decoded.length);
    return decoded;
  }

  async get(at: BucketRef, key: string, options: SendOptions): Promise<SyncRecord | undefined> {
    const url = keyedSyncStateUrl(this.#client.endpoint, at.id, key);
    const answer = await this.#unlessMissing(callOf("GetSyncState", "GET", url, at), options);
    return decodeSyncRecord(
      (answer as { keyed_sync_state?: unknown } | undefined)?.keyed_sync_state,
    );
  }

  async put(at: BucketRef, key: string, record: SyncRecord, options: SendOptions): Promise<void> {
    const url = keyedSyncStateUrl(this.#client.endpoint, at.id, key);
    const wire = { keyed_sync_state: syncRecordWireOf(record) };
    const call = callOf("PutSyncState", "PUT", url, at);
    await this.#client.send({ ...call, body: () => jsonBody(wire) }, options);
  }

  /** A state that is absent counts as removed. */
  async remove(at: BucketRef, key: string, options: SendOptions): Promise<void> {
    const url = keyedSyncStateUrl(this.#client.endpoint, at.id, key);
    await this.#unlessMissing(callOf("DeleteSyncState", "DELETE", url, at), options);
  }

  /**
   * How far a program of the older generation has come with a bucket as a whole. Where the platform
   * does not tell, as far as it is known: nowhere.
   */
  async progressOf(at: BucketRef, options: SendOptions): Promise<Date | undefined> {
    const url = bucketSyncStateUrl(this.#client.endpoint, at.bucket);
    let answer: unknown;
    try {
      answer = await this.#client.send(callOf("GetBucketSyncState", "GET", url, at), options);
    } catch (thrown) {
      if (!(thrown instanceof SyncError) || !UNAVAILABLE.has(thrown.code)) throw thrown;
      if (thrown.code !== NOT_FOUND) this.#sayUntold(at, thrown);
      return undefined;
    }
    const { bucket_sync_state: state } = answer as {
      readonly bucket_sync_state?: { readonly progress_timestamp?: unknown };
    };
    const time = state?.progress_timestamp;
    return typeof time === "string" ? timeOf(time) : undefined;
  }

  #sayUntold({ bucket, id }: BucketRef, { code, message }: SyncError): void {
    if (this.#said.has(`untold ${id}`)) return;
    this.#said.add(`untold ${id}`);
    this.#env.log.info("Platform does not tell how far another program came with a bucket.", {
      bucket: fullNameOf(bucket),
      code,
      reason: message,
    });
  }

  #sayUnreadable({ bucket, id }: BucketRef, states: number): void {
    const said = `unreadable ${id}`;
    if (this.#said.has(said)) return;
    this.#said.add(said);
    this.#env.log.warn("Sync states on the platform cannot be read; they count as absent.", {
      bucket: fullNameOf(bucket),
      states,
      note: "said once",
    });
  }

  async #tryOut(at: BucketRef, options: SendOptions): Promise<boolean> {
    // The same for every probe: what one could not remove, the next one does.
    const key = stateKeyOf("check", this.writer);
    const now = this.#env.clock.now();
    const record = { mailboxName: "check", folderId: "check", folderPath: ["check"] };
    try {
      await this.put(at, key, { ...record, status: "IN_PROGRESS", lastSyncedAt: now }, options);
      await this.get(at, key, options);
      await this.remove(at, key, options);
      return true;
    } catch (thrown) {
      options.signal.throwIfAborted();
      if (!(thrown instanceof SyncError) || !UNAVAILABLE.has(thrown.code)) throw thrown;
      return this.#doWithout(at, thrown);
    }
  }

  #doWithout({ bucket, id }: BucketRef, because: SyncError): boolean {
    const name = fullNameOf(bucket);
    const message = `The platform keeps no sync states for bucket "${name}": ${because.message}`;
    if (!this.#canDoWithout) {
      throw new SyncError("destination", "PlatformStatesUnavailable", message, {
        hint:
          "Keep the states on disk: --state-dir DIR, on a volume that lasts; or give the user " +
          "of the token the permissions buckets-read and buckets-write",
        cause: because,
      });
    }
    if (!this.#said.has(id)) {
      this.#said.add(id);
      this.#env.log.warn("The platform keeps no sync states; those on disk are all there is.", {
        bucket: name,
        reason: because.message,
      });
    }
    return false;
  }

  async #unlessMissing(call: PlatformCall, options: SendOptions): Promise<unknown> {
    try {
      return await this.#client.send(call, options);
    } catch (thrown) {
      if (thrown instanceof SyncError && thrown.code === NOT_FOUND) return undefined;
      throw thrown;
    }
  }
}

/** `sync_state_key` of a folder: hex, as the platform wants it. */
export function stateKeyOf(mailbox: string, folderId: string): string {
  return createHash("sha256").update(`${mailbox}\n${folderId}`).digest("hex").slice(0, 32);
}

function callOf(
  operation: PlatformCall["operation"],
  method: PlatformCall["method"],
  url: URL,
  { bucket }: BucketRef,
): PlatformCall {
  return { operation, method, url, about: fullNameOf(bucket) };
}

function digits({ entropy }: Pick<Env, "entropy">): string {
  return Math.floor(entropy.next() * 2 ** 48).toString(16).padStart(12, "0");
}
