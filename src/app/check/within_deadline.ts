import type { CallOptions, Clock } from "../../core/env.ts";
import { LIMITS } from "../../core/limits.ts";
import { outOfTime } from "./check_line.ts";

/**
 * Runs an action with a signal that is aborted after `LIMITS.checkMsMax`. Rejects as the action
 * does; with a `SyncError` of code `CheckTimeout` when that time is up.
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
    return await action({ signal: AbortSignal.any([signal, late.signal]) });
  } finally {
    done.abort();
    await deadline;
  }
}
