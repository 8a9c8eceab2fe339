const COUNT = new Intl.NumberFormat("en-US");
const SIZE = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });
const SIZE_UNITS = ["bytes", "kB", "MB", "GB", "TB", "PB"] as const;

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Each unit from so many of it on: 90 seconds are more telling than 2 minutes. */
const AGE_UNITS = [
  { name: "year", plural: "years", ms: 365 * DAY_MS, from: 2 },
  { name: "month", plural: "months", ms: 30 * DAY_MS, from: 3 },
  { name: "d", plural: "d", ms: DAY_MS, from: 2 },
  { name: "h", plural: "h", ms: HOUR_MS, from: 2 },
  { name: "min", plural: "min", ms: MINUTE_MS, from: 2 },
  { name: "s", plural: "s", ms: SECOND_MS, from: 1 },
] as const;

/** `12,345`. */
export function countText(count: number): string {
  return COUNT.format(count);
}

/** `1 mailbox`, `12,345 mailboxes`. */
export function countedText(count: number, one: string, many = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`;
}

/** `1.23 GB`, in powers of 1000. */
export function sizeText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // What would be shown as 1,000 belongs to the next unit.
  while (value >= 999.5 && unit < SIZE_UNITS.length - 1) {
    value /= 1_000;
    unit++;
  }
  return `${SIZE.format(value)} ${SIZE_UNITS[unit]}`;
}

/** `90 s`, `3 min`, `2 years`; a length of time to one unit. */
export function durationText(ms: number): string {
  const unit = AGE_UNITS.find(({ ms: unitMs, from }) => ms >= from * unitMs);
  if (!unit) return "0 s";
  const count = Math.floor(ms / unit.ms);
  return `${count} ${count === 1 ? unit.name : unit.plural}`;
}

/** `3 min ago`, `in 3 min`, `now`. */
export function relativeText(time: Date, now: Date): string {
  const ms = now.getTime() - time.getTime();
  if (Math.abs(ms) < SECOND_MS) return "now";
  return ms > 0 ? `${durationText(ms)} ago` : `in ${durationText(-ms)}`;
}

/** `12:03`, `26 Nov 12:03`, `26 Nov 2024 12:03`: as much of it as today needs, in local time. */
export function absoluteText(time: Date, now: Date): string {
  const clock = `${padded(time.getHours())}:${padded(time.getMinutes())}`;
  if (time.toDateString() === now.toDateString()) return clock;
  const day = `${time.getDate()} ${MONTHS[time.getMonth()]}`;
  const year = time.getFullYear();
  return year === now.getFullYear() ? `${day} ${clock}` : `${day} ${year} ${clock}`;
}

/** `12:03:44`, local time. */
export function clockText(time: Date): string {
  return [time.getHours(), time.getMinutes(), time.getSeconds()].map(padded).join(":");
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

function padded(number: number): string {
  return String(number).padStart(2, "0");
}
