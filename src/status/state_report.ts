import type { Mailbox } from "../core/mailbox.ts";
import type { MailboxStates } from "../core/ports.ts";
import { nextTryAt, type SkippedItem } from "../core/skipped_item.ts";
import { type FolderSyncState, isBehind } from "../core/sync_state.ts";

/** What is known of one mailbox from the state store. */
export interface MailboxStatus {
  readonly mailbox: Mailbox;
  readonly states: MailboxStates;
}

/** The record of skips of a folder, in its two parts. */
export interface SkipRecord {
  /** Not delivered. */
  readonly skipped: readonly SkippedItem[];
  /** Delivered as far as they could be rebuilt; only the originals are still missing. */
  readonly rebuilt: readonly SkippedItem[];
}

export function skipRecordOf({ skipped: record }: FolderSyncState): SkipRecord {
  return {
    skipped: record.filter(({ rebuilt }) => !rebuilt),
    rebuilt: record.filter(({ rebuilt }) => rebuilt),
  };
}

/** How many emails of these folders were skipped, and how many rebuilt. */
export function skipTotalsOf(folders: readonly FolderSyncState[]) {
  const records = folders.map(skipRecordOf);
  return {
    skipped: records.reduce((sum, { skipped }) => sum + skipped.length, 0),
    rebuilt: records.reduce((sum, { rebuilt }) => sum + rebuilt.length, 0),
  };
}

/** A part of the record of skips, as numbers. */
export interface SkippedSummary {
  readonly count: number;
  readonly oldest?: Date;
  readonly byCode: ReadonlyMap<string, number>;
  /** When the first of them is tried again by itself; absent: only on demand. */
  readonly nextTry?: Date;
}

export function skippedSummary(skipped: readonly SkippedItem[]): SkippedSummary {
  const oldest = earliest(skipped.map(({ skippedAt }) => skippedAt));
  const nextTry = earliest(skipped.map(nextTryAt).filter((at) => at !== undefined));
  const byCode = new Map<string, number>();
  for (const { code } of skipped) byCode.set(code, (byCode.get(code) ?? 0) + 1);
  return {
    count: skipped.length,
    byCode,
    ...(oldest ? { oldest } : {}),
    ...(nextTry ? { nextTry } : {}),
  };
}

/** Whether nothing was ever written of the mailbox. */
export function isNotBegun({ folders, condition, unreadable }: MailboxStates): boolean {
  return folders.length === 0 && condition === undefined && unreadable.length === 0;
}

/** A folder's state as one word of the JSON document. */
export function stateNameOf({ phase, goneSince }: FolderSyncState): string {
  if (goneSince) return "gone";
  switch (phase.name) {
    case "draining":
      return phase.recovery ? "recovering" : "first_sight";
    case "recovering":
      return "recovering";
    case "backfilling":
      return "listing";
    case "sweeping":
      return "listing_unordered";
    case "following":
      return "up_to_date";
  }
}

/** The same for people. */
export function stateTextOf(state: FolderSyncState): string {
  if (state.goneSince) return `gone since ${minuteOf(state.goneSince)}`;
  switch (stateNameOf(state)) {
    case "first_sight":
      return "first sight";
    case "recovering":
      return "recovering after a lost token";
    case "listing":
      return "listing older mail";
    case "listing_unordered":
      return "listing in the server's order, as it cannot sort; synced until stands";
    default:
      return "up to date";
  }
}

/** Whether a folder has still something to list. */
export function hasBacklog(state: FolderSyncState): boolean {
  return !state.goneSince && isBehind(state);
}

/** A time to the minute, UTC. */
export function minuteOf(time: Date | undefined): string {
  return time ? `${time.toISOString().slice(0, 16).replace("T", " ")}Z` : "-";
}

/** The first of some times, if there are any. */
export function earliest(times: readonly Date[]): Date | undefined {
  return times.reduce<Date | undefined>((a, b) => a && a <= b ? a : b, undefined);
}
