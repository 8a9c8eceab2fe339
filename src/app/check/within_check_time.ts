import type { CallOptions, Clock } from "../../core/env.ts";
import { LIMITS } from "../../core/limits.ts";
import { withinDeadline } from "../../core/within_deadline.ts";
import { outOfTime } from "./check_line.ts";

/**
 * Runs an action with a signal that is aborted after `LIMITS.checkMsMax`. Rejects as the action
 * does; with a `SyncError` of code `CheckTimeout` when that time is up.
 */
export async function withinCheckTime<T>(
  options: CallOptions & { readonly clock: Clock },
  action: (options: CallOptions) => Promise<T>,
): Promise<T> {
  const ms = LIMITS.checkMsMax;
  return await withinDeadline(action, ms, { ...options, error: () => outOfTime(ms) });
}
