/**
 * The value of `Retry-After` in ms: seconds or a date (RFC 9110 section 10.2.3). Absent where there is
 * none, or none that can be read.
 */
export function retryAfterMsOf(field: string | undefined, now: Date): number | undefined {
  const value = field?.trim() ?? "";
  if (/^[0-9]{1,9}$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime());
}
