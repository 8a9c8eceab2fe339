import type { SyncError } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";

/** What asks for more than the server grants, or for what it does not give at all. */
const REFUSED = { backoffMsMin: 60_000, backoffMsMax: 15 * 60_000 };

/** Bounds of the pauses before notifications are asked for again after this failure. */
export function pausesAfter({ kind, code }: SyncError) {
  return kind !== "retryable" || code === "ErrorExceededConnectionCount" ? REFUSED : LIMITS;
}
