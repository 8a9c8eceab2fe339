import type { ItemDescription } from "../core/email.ts";
import type { SyncError } from "../core/errors.ts";
import { addCounts, type DeliveryCounts, NO_COUNTS } from "../core/observer.ts";
import type { SkippedItem } from "../core/skipped_item.ts";

/** What became of items: every one of them is counted once. */
export interface Settlement {
  readonly counts: DeliveryCounts;
  /** Those whose content could not be had, rebuilt ones included. */
  readonly skipped: readonly SkippedItem[];
}

export const NOTHING_SETTLED: Settlement = { counts: NO_COUNTS, skipped: [] };

/** A settlement of items that need no record. */
export function counted(counts: Partial<DeliveryCounts>): Settlement {
  return { counts: { ...NO_COUNTS, ...counts }, skipped: [] };
}

export function mergeSettlements(...settlements: readonly Settlement[]): Settlement {
  return {
    counts: settlements.map(({ counts }) => counts).reduce(addCounts, NO_COUNTS),
    skipped: settlements.flatMap(({ skipped }) => skipped),
  };
}

/** An item whose content failed with an error of kind `item`, as it goes on the record. */
export function skippedItemOf(
  itemId: string,
  item: ItemDescription | undefined,
  error: SyncError,
  now: Date,
): SkippedItem {
  const listedAt = item?.receivedAt ?? item?.createdAt;
  return {
    itemId,
    ...(item?.internetMessageId ? { id: item.internetMessageId.trim() } : {}),
    ...(listedAt ? { receivedAt: listedAt } : {}),
    ...(item ? { sizeBytes: item.sizeBytes } : {}),
    code: error.code,
    reason: error.message,
    skippedAt: now,
    retries: 0,
  };
}
