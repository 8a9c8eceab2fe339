import type { SyncError } from "../core/errors.ts";

/** Failures of a request that asked for too much at once: the server gave up, or whoever waited. */
const TOO_MUCH_AT_ONCE: ReadonlySet<string> = new Set([
  "ErrorTimeoutExpired",
  "ErrorExceededFindCountLimit",
  "ResponseTooLarge",
  "Timeout",
  "Http504",
]);

/**
 * What to send after a failure of a request for a page of `limit`: half as much where that may
 * help, else the same again.
 */
export function smallerAfter<T>(
  limit: number,
  operationOf: (limit: number) => T,
): (error: SyncError) => T {
  let size = limit;
  return ({ code }) => {
    if (TOO_MUCH_AT_ONCE.has(code)) size = Math.ceil(size / 2);
    return operationOf(size);
  };
}
