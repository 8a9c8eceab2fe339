import { laterOf } from "./later_of.ts";

/** An email whose content Exchange does not give, on the record. */
export interface SkippedItem {
  readonly itemId: string;
  /** The email's id where it was known before its content failed. */
  readonly id?: string;
  /** Its time in listings: of an email that was never received, when it was created. */
  readonly receivedAt?: Date;
  readonly sizeBytes?: number;
  readonly code: string;
  readonly reason: string;
  /** When it was given up first. */
  readonly skippedAt: Date;
  /** When it was tried last; absent: only at `skippedAt`. */
  readonly triedAt?: Date;
  /** How often it was tried again. */
  readonly retries: number;
  /** It was delivered as far as it could be rebuilt; only the original is still missing. */
  readonly rebuilt?: boolean;
  /** Its item id means nothing any more: the email is sought by its received time. */
  readonly sought?: true;
}

const HOUR_MS = 60 * 60_000;
/** Pauses before a skipped email is tried again by itself (spec section 3). */
const RETRY_PAUSES_MS = [HOUR_MS, 6 * HOUR_MS, 24 * HOUR_MS, 7 * 24 * HOUR_MS] as const;

/** When it is tried again by itself; `undefined`: only on demand. One that is sought is due. */
export function nextTryAt({ skippedAt, triedAt, retries, sought }: SkippedItem): Date | undefined {
  if (sought) return triedAt ?? skippedAt;
  const pauseMs = RETRY_PAUSES_MS[retries];
  return pauseMs === undefined ? undefined : new Date((triedAt ?? skippedAt).getTime() + pauseMs);
}

/**
 * The record after an item that may have been on it was skipped (again). What was known of it once
 * stays known, though the server may not even describe it any more. One that was sought is found: a
 * switch back makes its item id mean something again.
 */
export function laterTry(earlier: SkippedItem | undefined, now: SkippedItem): SkippedItem {
  if (!earlier) return now;
  const { sought: _, ...known } = earlier;
  const rebuilt = now.rebuilt ?? earlier.rebuilt;
  return {
    ...known,
    ...now,
    skippedAt: earlier.skippedAt,
    triedAt: now.skippedAt,
    retries: earlier.retries + 1,
    ...(rebuilt === undefined ? {} : { rebuilt }),
  };
}

/** The record of one email that is on it twice, under the item id of the first. */
export function mergedSkips(skip: SkippedItem, other: SkippedItem | undefined): SkippedItem {
  if (!other) return skip;
  const triedAt = laterOf(skip.triedAt, other.triedAt);
  const isRebuilt = skip.rebuilt || other.rebuilt;
  const { sought: _, ...known } = other;
  return {
    ...known,
    ...skip,
    skippedAt: skip.skippedAt <= other.skippedAt ? skip.skippedAt : other.skippedAt,
    retries: Math.max(skip.retries, other.retries),
    ...(triedAt ? { triedAt } : {}),
    ...(isRebuilt ? { rebuilt: true } : {}),
  };
}
