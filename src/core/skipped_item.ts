/** An email whose content Exchange does not give, on the record. */
export interface SkippedItem {
  readonly itemId: string;
  /** The email's id where it was known before its content failed. */
  readonly id?: string;
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
}

const HOUR_MS = 60 * 60_000;
/** Pauses before a skipped email is tried again by itself (spec section 3). */
const RETRY_PAUSES_MS = [HOUR_MS, 6 * HOUR_MS, 24 * HOUR_MS, 7 * 24 * HOUR_MS] as const;

/** When it is tried again by itself; `undefined`: only on demand. */
export function nextTryAt({ skippedAt, triedAt, retries }: SkippedItem): Date | undefined {
  const pauseMs = RETRY_PAUSES_MS[retries];
  return pauseMs === undefined ? undefined : new Date((triedAt ?? skippedAt).getTime() + pauseMs);
}

/** The record after an item that may have been on it was skipped (again). */
export function laterTry(earlier: SkippedItem | undefined, now: SkippedItem): SkippedItem {
  if (!earlier) return now;
  const rebuilt = now.rebuilt ?? earlier.rebuilt;
  return {
    ...now,
    skippedAt: earlier.skippedAt,
    triedAt: now.skippedAt,
    retries: earlier.retries + 1,
    ...(rebuilt === undefined ? {} : { rebuilt }),
  };
}
