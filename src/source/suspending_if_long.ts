import type { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";

/** A delay too long to hold a batch for suspends the mailbox instead (architecture section 7). */
export function suspendingIfLong(error: SyncError): SyncError {
  return (error.retryAfterMs ?? 0) > LIMITS.retryAfterMsMax ? error.as("mailbox") : error;
}
