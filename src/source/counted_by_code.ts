import type { SyncError } from "../core/errors.ts";

/**
 * For `retry`: lets a failure be tried again until it has happened `maxOf` times, whatever else has
 * failed in between. A busy server thus uses up none of the attempts an item has.
 */
export function countedByCode(
  maxOf: (error: SyncError) => number,
): (error: SyncError) => number {
  const counts = new Map<string, number>();
  return (error) => {
    const count = (counts.get(error.code) ?? 0) + 1;
    counts.set(error.code, count);
    return count >= maxOf(error) ? 0 : Infinity;
  };
}
