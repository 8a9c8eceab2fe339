import type { CallOptions, Env } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { fullNameOf } from "./buckets.ts";
import type { BucketRef, KeyedStates } from "./keyed_states.ts";
import { PLATFORM_LIMITS } from "./platform_limits.ts";
import type { SyncRecord } from "./sync_record.ts";

/** Is shown the records of a bucket now and then. */
export type RecordsWatcher = (records: readonly SyncRecord[]) => void;

interface Snapshot {
  readonly records: Promise<readonly SyncRecord[]>;
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
  readonly #watchers = new Set<RecordsWatcher>();
  #snapshot: Snapshot | undefined;
  #watch: { readonly stop: AbortController; readonly ended: Promise<void> } | undefined;

  constructor(at: BucketRef, states: KeyedStates, env: Env) {
    this.#at = at;
    this.#states = states;
    this.#env = env;
  }

  /** All records, not older than a moment; `fresh`: not older than this call. */
  async read(options: CallOptions & { readonly fresh: boolean }): Promise<readonly SyncRecord[]> {
    const takenAtMs = this.#env.clock.monotonicMs();
    const known = this.#snapshot;
    const isUsable = known && takenAtMs - known.takenAtMs <= PLATFORM_LIMITS.snapshotMsMax;
    if (isUsable && !options.fresh) return await known.records;
    const records = this.#states.list(this.#at, options);
    this.#snapshot = { records, takenAtMs };
    try {
      return await records;
    } catch (error) {
      this.#snapshot = undefined;
      throw error;
    }
  }

  /** Shows the records to `watcher` every `PLATFORM_LIMITS.watchMs` until it is disposed. */
  watch(watcher: RecordsWatcher): AsyncDisposable {
    this.#watchers.add(watcher);
    this.#watch ??= this.#begin();
    return {
      [Symbol.asyncDispose]: async () => {
        this.#watchers.delete(watcher);
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
        const records = await this.#states.list(this.#at, { signal, once: true });
        for (const watcher of this.#watchers) watcher(records);
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
