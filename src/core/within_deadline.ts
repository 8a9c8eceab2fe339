import type { CallOptions, Clock } from "./env.ts";

export interface DeadlineOptions extends CallOptions {
  readonly clock: Clock;
  /** What it rejects with when the time is over. */
  readonly error: () => Error;
}

/**
 * What `action` comes to if that is within `ms`. Its signal is aborted when the time is over; it
 * rejects then, and with the signal's reason as soon as that is aborted, also where the action cannot
 * be aborted and goes on.
 */
export async function withinDeadline<T>(
  action: (options: CallOptions) => Promise<T>,
  ms: number,
  { clock, signal, error }: DeadlineOptions,
): Promise<T> {
  const done = new AbortController();
  const late = new AbortController();
  const deadline = clock.sleep(Math.max(0, ms), { signal: done.signal })
    .then(() => late.abort(error()), () => {});
  try {
    const either = AbortSignal.any([signal, late.signal]);
    return await Promise.race([action({ signal: either }), aborted(either)]);
  } finally {
    done.abort();
    await deadline;
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  if (signal.aborted) reject(signal.reason);
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  return promise;
}
