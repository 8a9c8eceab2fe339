import { quoted } from "./printable.ts";
import type { Problem } from "./problem.ts";

/** A point in time as written in the configuration. */
export interface Timestamp {
  readonly instant: Date;
  /** Whether it was written as a time without offset, which is then read as UTC. */
  readonly offsetAssumed: boolean;
}

/** What `timestampOf` takes, completing "must be". */
export const TIMESTAMP_ALLOWED =
  "an ISO 8601 date or date-time that exists, such as 2024-05-31 or 2024-05-31T08:00:00Z";

/** Date, then optionally time with optional seconds and fraction, then optionally an offset. */
const ISO_8601 = new RegExp(
  "^([0-9]{4}-[0-9]{2}-[0-9]{2})" +
    "(?:[Tt ]([0-9]{2}:[0-9]{2})(?::([0-9]{2})(?:[.,]([0-9]{1,9}))?)?" +
    "([Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?$",
);

/**
 * Reads an ISO 8601 date or date-time in its extended form (spec section 2, `start_timestamp`);
 * undefined if it is not one, or names a day or time that does not exist. A bare date is midnight
 * UTC; what is finer than a millisecond is cut off.
 */
export function timestampOf(text: string): Timestamp | undefined {
  const [, date, time, seconds = "00", fraction = "", offset] = ISO_8601.exec(text) ?? [];
  if (date === undefined) return undefined;
  const milliseconds = fraction.padEnd(3, "0").slice(0, 3);
  const written = `${date}T${time ?? "00:00"}:${seconds}.${milliseconds}Z`;
  const local = new Date(written);
  // `Date` reads February 30 as March 1; only what comes out as it went in is a real date.
  if (Number.isNaN(local.getTime()) || local.toISOString() !== written) return undefined;
  const offsetMs = offsetMsOf(offset ?? "Z");
  if (offsetMs === undefined) return undefined;
  const instant = new Date(local.getTime() - offsetMs);
  if (!/^(?!0000)[0-9]{4}-/.test(instant.toISOString())) return undefined;
  return { instant, offsetAssumed: time !== undefined && offset === undefined };
}

/** What is worth a warning in a timestamp given at a key or option, or nothing. */
export function timestampWarnings(at: string, timestamp: Timestamp | undefined): Problem[] {
  if (!timestamp?.offsetAssumed) return [];
  const message = "has no offset and is read as UTC; add Z or an offset such as +02:00";
  return [{ at, value: quoted(timestamp.instant.toISOString()), message }];
}

function offsetMsOf(offset: string): number | undefined {
  if (offset.toUpperCase() === "Z") return 0;
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(3).replace(":", ""));
  if (hours > 23 || minutes > 59) return undefined;
  return (offset.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}
