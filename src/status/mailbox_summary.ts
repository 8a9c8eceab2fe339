import { type FolderSyncState, isBehind } from "../core/sync_state.ts";
import type { MailboxRecord } from "./mailbox_record.ts";
import { hasBacklog, skipRecordOf } from "./state_report.ts";
import { emailsOf } from "./throughput.ts";

/** How a mailbox is in one word, the one that needs a person most first. */
export const MAILBOX_STATES = [
  "suspended",
  "waiting_for_destination",
  "backing_off",
  "stopped",
  "starting",
  "catching_up",
  "up_to_date",
] as const;

export type MailboxState = (typeof MAILBOX_STATES)[number];

/** A mailbox in figures. */
export interface MailboxSummary {
  readonly record: MailboxRecord;
  /** Its place in the configuration, from 1. */
  readonly number: number;
  readonly state: MailboxState;
  readonly folders: FolderCounts;
  /** Items that are still to list, at most. */
  readonly left: number;
  /** Until then every folder is synced; absent: not yet known of all. */
  readonly syncedUntil?: Date;
  readonly skipped: number;
  readonly rebuilt: number;
  readonly skippedByCode: ReadonlyMap<string, number>;
  readonly deliveredLastHour: number;
}

export interface FolderCounts {
  readonly total: number;
  /** Have still something to list. */
  readonly behind: number;
  /** Could not be passed over last time. */
  readonly failing: number;
}

export function mailboxSummary(
  record: MailboxRecord,
  number: number,
  nowMs: number,
): MailboxSummary {
  const present = record.states.filter(({ goneSince }) => !goneSince);
  // Of a folder that is gone nothing can be had any more, and nothing is missing.
  const skips = present.map(skipRecordOf);
  const behind = present.filter(hasBacklog).length;
  const failing = [...record.folders.values()].filter(({ failure }) => failure).length;
  const syncedUntil = earliestOfAll(present);
  const hour = record.throughput?.read(nowMs);
  return {
    record,
    number,
    state: stateOf(record, present.length, behind),
    folders: { total: Math.max(present.length, record.folders.size), behind, failing },
    left: present.reduce((sum, state) => sum + leftOf(record, state), 0),
    ...(syncedUntil ? { syncedUntil } : {}),
    skipped: skips.reduce((sum, { skipped }) => sum + skipped.length, 0),
    rebuilt: skips.reduce((sum, { rebuilt }) => sum + rebuilt.length, 0),
    skippedByCode: countedByCode(skips.flatMap(({ skipped }) => skipped)),
    deliveredLastHour: hour ? emailsOf(hour) : 0,
  };
}

/** Items of a folder that are still to list, at most. */
export function leftOf(record: MailboxRecord, state: FolderSyncState): number {
  return isBehind(state) ? record.folders.get(state.folder.id)?.left ?? 0 : 0;
}

/** Whether somebody who looks for trouble wants to see it. */
export function isProblem({ record, state, folders, skipped }: MailboxSummary): boolean {
  return record.condition.error !== undefined || state === "waiting_for_destination" ||
    folders.failing > 0 || skipped > 0 || record.throttle !== undefined;
}

function stateOf(record: MailboxRecord, folders: number, behind: number): MailboxState {
  const { phase } = record.condition;
  switch (phase) {
    case "starting":
    case "suspended":
    case "stopped":
      return phase;
    case "backing-off":
      return "backing_off";
    case "waiting-for-destination":
      return "waiting_for_destination";
    case "syncing":
    case "idle":
      if (folders === 0 && record.lastSuccessAt === undefined) return "starting";
      return behind > 0 ? "catching_up" : "up_to_date";
  }
}

function earliestOfAll(states: readonly FolderSyncState[]): Date | undefined {
  if (states.some(({ syncedUntil }) => !syncedUntil)) return undefined;
  return states.map(({ syncedUntil }) => syncedUntil)
    .reduce((a, b) => a && b && a < b ? a : b, undefined);
}

function countedByCode(skipped: readonly { readonly code: string }[]): ReadonlyMap<string, number> {
  const byCode = new Map<string, number>();
  for (const { code } of skipped) byCode.set(code, (byCode.get(code) ?? 0) + 1);
  return byCode;
}
