import type { CallOptions, Clock } from "../../core/env.ts";
import { LIMITS } from "../../core/limits.ts";
import { outOfTime } from "./check_line.ts";

/**
 * Runs an action with a signal that is aborted after `LIMITS.checkMsMax`. Rejects as the action
 * does; with a `SyncError` of code `CheckTimeout` when that time is up, also where the action cannot
 * be aborted and goes on.
 */
export async function withinDeadline<T>(
  { clock, signal }: CallOptions & { readonly clock: Clock },
  action: (options: CallOptions) => Promise<T>,
): Promise<T> {
  const done = new AbortController();
  const late = new AbortController();
  const deadline = clock.sleep(LIMITS.checkMsMax, { signal: done.signal })
    .then(() => late.abort(outOfTime(LIMITS.checkMsMax)), () => {});
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
