import type { CallOptions, Clock } from "../core/env.ts";
import type { SyncError } from "../core/errors.ts";

export interface DeadlineOptions extends CallOptions {
  readonly clock: Clock;
  /** What it rejects with when the time is over. */
  readonly error: () => SyncError;
}

/**
 * What `work` comes to if that is within `ms`. The work itself is not ended by the deadline: that is
 * for whoever can. Rejects with the signal's reason as soon as it is aborted.
 */
export async function withinDeadline<T>(
  work: Promise<T>,
  ms: number,
  { clock, signal, error }: DeadlineOptions,
): Promise<T> {
  const done = new AbortController();
  const expiry = clock.sleep(Math.max(0, ms), { signal: AbortSignal.any([signal, done.signal]) })
    .then((): never => {
      throw error();
    });
  try {
    return await Promise.race([work, expiry]);
  } finally {
    done.abort();
  }
}
