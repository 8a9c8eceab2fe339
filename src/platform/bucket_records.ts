import type { CallOptions, Env } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { fullNameOf } from "./buckets.ts";
import type { BucketRef, KeyedStates } from "./keyed_states.ts";
import type { SendOptions } from "./platform_client.ts";
import { PLATFORM_LIMITS } from "./platform_limits.ts";
import type { SyncRecord } from "./sync_record.ts";

/** Is shown the records of a mailbox now and then. */
type RecordsWatcher = (records: readonly SyncRecord[]) => void;

/** By mailbox address in lower case: sorting out all of them for each mailbox takes too long. */
type RecordsByMailbox = ReadonlyMap<string, readonly SyncRecord[]>;

interface Snapshot {
  readonly records: Promise<RecordsByMailbox>;
  readonly takenAtMs: number;
}

/**
 * The records of one bucket for all its mailboxes: hundreds of mailboxes that start together read
 * them once, and one look a minute shows all of them whether somebody else writes them.
 */
export class BucketRecords {
  readonly #at: BucketRef;
  readonly #states: KeyedStates;
  readonly #env: Env;
  /** By mailbox address. */
  readonly #watchers = new Map<string, RecordsWatcher>();
  #snapshot: Snapshot | undefined;
  #watch: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;

  constructor(at: BucketRef, states: KeyedStates, env: Env) {
    this.#at = at;
    this.#states = states;
    this.#env = env;
  }

  /** The records of a mailbox, not older than a moment; `fresh`: not older than this call. */
  async read(
    address: string,
    options: CallOptions & { readonly fresh: boolean },
  ): Promise<readonly SyncRecord[]> {
    return (await this.#read(options)).get(address) ?? [];
  }

  async #read(options: CallOptions & { readonly fresh: boolean }): Promise<RecordsByMailbox> {
    const takenAtMs = this.#env.clock.monotonicMs();
    const known = this.#snapshot;
    const isUsable = known && takenAtMs - known.takenAtMs <= PLATFORM_LIMITS.snapshotMsMax;
    if (isUsable && !options.fresh) return await known.records;
    const records = this.#list(options);
    this.#snapshot = { records, takenAtMs };
    try {
      return await records;
    } catch (error) {
      this.#snapshot = undefined;
      throw error;
    }
  }

  async #list(options: SendOptions): Promise<RecordsByMailbox> {
    const records = await this.#states.list(this.#at, options);
    return Map.groupBy(records, ({ mailboxName }) => mailboxName.toLowerCase());
  }

  /**
   * Shows the records of a mailbox to `watcher`, its only one, every `PLATFORM_LIMITS.watchMs` until
   * that is disposed.
   */
  watch(address: string, watcher: RecordsWatcher): AsyncDisposable {
    this.#watchers.set(address, watcher);
    this.#watch ??= this.#begin();
    return {
      [Symbol.asyncDispose]: async () => {
        this.#watchers.delete(address);
        if (this.#watchers.size > 0) return;
        const watch = this.#watch;
        this.#watch = undefined;
        watch?.stop.abort();
        await watch?.ended;
      },
    };
  }

  #begin() {
    const stop = new AbortController();
    return { stop, ended: this.#look(stop.signal) };
  }

  async #look(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#env;
    for (;;) {
      try {
        await clock.sleep(PLATFORM_LIMITS.watchMs, { signal });
        // Nobody may have it any more, and it is large.
        this.#snapshot = undefined;
        const records = await this.#list({ signal, once: true });
        for (const [address, watcher] of this.#watchers) watcher(records.get(address) ?? []);
      } catch (thrown) {
        if (signal.aborted) return;
        if (!(thrown instanceof SyncError)) throw thrown;
        // Whoever delivers or saves meets the same failure, and acts on it.
        const { code, message } = thrown;
        const bucket = fullNameOf(this.#at.bucket);
        log.debug("Sync states could not be looked at for another writer.", {
          bucket,
          code,
          reason: message,
        });
      }
    }
  }
}
