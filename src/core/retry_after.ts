import { LIMITS } from "./limits.ts";

/**
 * The value of `Retry-After` in ms: seconds or a date (RFC 9110 section 10.2.3), at most
 * `LIMITS.namedDelayMsMax`. Absent where there is none, or none that can be read.
 */
export function retryAfterMsOf(field: string | undefined, now: Date): number | undefined {
  const value = field?.trim() ?? "";
  if (/^[0-9]{1,9}$/.test(value)) return boundedDelayMs(Number(value) * 1000);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : boundedDelayMs(Math.max(0, date - now.getTime()));
}

/** A delay that a server names, in ms, as far as it counts. */
export function boundedDelayMs(ms: number): number {
  return Math.min(ms, LIMITS.namedDelayMsMax);
}
