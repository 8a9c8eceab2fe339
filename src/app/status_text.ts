import type { SkippedItem } from "../core/skipped_item.ts";
import type { FolderSyncState } from "../core/sync_state.ts";
import { counted } from "./counted.ts";
import {
  hasBacklog,
  isNotBegun,
  type MailboxStatus,
  minuteOf,
  skippedSummary,
  skipRecordOf,
  skipTotalsOf,
  stateTextOf,
} from "../status/state_report.ts";
import { visible, visiblePath } from "../config/printable.ts";

const PATH_COLUMNS = 30;

/** `status` for people: a block for each mailbox, aligned, at most 80 columns but for long names. */
export function statusText(store: string, mailboxes: readonly MailboxStatus[]): string {
  const folders = mailboxes.flatMap(({ states }) => states.folders);
  const { skipped, rebuilt } = skipTotalsOf(folders);
  const lines = [
    `State in ${visible(store)}`,
    ...mailboxes.flatMap(mailboxLines),
    "",
    `${counted(mailboxes.length, "mailbox")}, ${counted(folders.length, "folder")}, ` +
    `${folders.filter(hasBacklog).length} with backlog, ${counted(skipped, "email")} skipped` +
    `${rebuilt > 0 ? `, ${rebuilt} rebuilt` : ""}`,
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function mailboxLines({ mailbox, states }: MailboxStatus): readonly string[] {
  const { condition, folders, unreadable } = states;
  if (isNotBegun(states)) return ["", `${visible(mailbox.address)}: not begun`];
  const phase = condition ? `: ${visible(condition.phase)} since ${minuteOf(condition.since)}` : "";
  const { error } = condition ?? {};
  return [
    "",
    `${visible(mailbox.address)}${phase}`,
    ...(error ? [`  ${visible(error.reason)} (${visible(error.code)})`] : []),
    ...(error?.hint ? [`  What to do: ${visible(error.hint)}`] : []),
    ...unreadable.map((name) => `  Unreadable state: ${visible(name)}`),
    ...(folders.length > 0
      ? [`  ${"FOLDER".padEnd(PATH_COLUMNS)} ${"SYNCED UNTIL".padEnd(17)}  LAST SYNCED`]
      : []),
    ...folders.toSorted(byPath).flatMap(folderLines),
  ];
}

function byPath({ folder: a }: FolderSyncState, { folder: b }: FolderSyncState): number {
  return visiblePath(a.path) < visiblePath(b.path) ? -1 : 1;
}

function folderLines(state: FolderSyncState): readonly string[] {
  const path = visiblePath(state.folder.path);
  const { skipped, rebuilt } = skipRecordOf(state);
  const times = `${minuteOf(state.syncedUntil).padEnd(17)}  ${minuteOf(state.lastSyncedAt)}`;
  const row = path.length <= PATH_COLUMNS
    ? [`  ${path.padEnd(PATH_COLUMNS)} ${times}`]
    : [`  ${path}`, `  ${" ".repeat(PATH_COLUMNS)} ${times}`];
  return [
    ...row,
    `    ${hasBacklog(state) ? "backlog: " : ""}${stateTextOf(state)}`,
    ...skipLines(skipped, "skipped"),
    ...skipLines(rebuilt, "rebuilt"),
  ];
}

function skipLines(skips: readonly SkippedItem[], what: string): readonly string[] {
  if (skips.length === 0) return [];
  const { count, oldest, byCode, nextTry } = skippedSummary(skips);
  const codes = [...byCode].map(([code, number]) => `${number} ${visible(code)}`).join(", ");
  const next = nextTry ? `next try ${minuteOf(nextTry)}` : "tried again on demand only";
  return [`    ${count} ${what}, oldest ${minuteOf(oldest)}; ${next}`, `      ${codes}`];
}
