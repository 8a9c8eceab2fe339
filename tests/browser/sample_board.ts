import { SyncError } from "../../src/core/errors.ts";
import type { Folder, Mailbox } from "../../src/core/mailbox.ts";
import { NO_COUNTS } from "../../src/core/observer.ts";
import type { SkippedItem } from "../../src/core/skipped_item.ts";
import type { FolderPhase, FolderSyncState } from "../../src/core/sync_state.ts";
import { StatusBoard } from "../../src/status/status_board.ts";
import { ShiftedTime } from "./shifted_time.ts";

export interface SampleOptions {
  readonly mailboxes: number;
  /** Of each mailbox. */
  readonly folders?: number;
  /** Some mailboxes suspended, throttled, behind, with skipped emails; default: none. */
  readonly troubled?: boolean;
  /** Names of the first mailbox's folders, in place of usual ones. */
  readonly names?: readonly string[];
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;
const NAMES = ["Inbox", "Sent Items", "Deleted Items", "Junk Email", "Archive", "Projects"];

const DENIED = new SyncError(
  "mailbox",
  "ErrorAccessDenied",
  "Exchange denies access to the mailbox: Access is denied. Check credentials and try again.",
  { hint: "Give the service account full access: Add-MailboxPermission -AccessRights FullAccess" },
);
const MISSING = new SyncError(
  "mailbox",
  "ErrorNonExistentMailbox",
  "Exchange knows no mailbox of this address",
  { hint: "Check the address for typing errors, or set `enabled` to false for it" },
);
const BUSY = new SyncError("retryable", "ErrorServerBusy", "Exchange is busy", {
  hint: "Nothing for now: it is tried again after the delay that Exchange named",
});
const RESET = new SyncError("retryable", "ConnectionReset", "The connection was lost", {
  hint: "If it goes on, look at the network between here and Exchange",
});

/** A board with an hour of history, as a service of so many mailboxes would have filled it. */
export function sampleBoard(options: SampleOptions): { board: StatusBoard; time: ShiftedTime } {
  const { mailboxes: count, folders = 6, troubled = false, names } = options;
  const time = new ShiftedTime(-HOUR_MS);
  const board = new StatusBoard(time);
  const mailboxes = Array.from({ length: count }, (_, index) => mailboxOf(index));
  board.lifeBegan({
    mailboxes,
    endpoint: "https://mail.contoso.com",
    destination: "/data/mail",
    signInRefusal: () => undefined,
  });
  board.servicePhaseChanged({ name: "running" });
  const foldersOf = mailboxes.map((_, index) =>
    folderList(index === 0 ? names : undefined, folders)
  );
  mailboxes.forEach((mailbox, index) => {
    board.phaseChanged(mailbox, { name: "syncing" });
    board.roundStarted(mailbox, foldersOf[index]!);
  });
  deliverForAnHour(board, time, mailboxes, foldersOf);
  mailboxes.forEach((mailbox, index) => {
    const states = foldersOf[index]!.map((folder, at) =>
      stateOf(folder, time.now(), { troubled, mailbox: index, folder: at })
    );
    board.statesOpened(mailbox, { all: () => states });
    board.phaseChanged(mailbox, { name: "idle" });
    if (troubled) trouble(board, mailbox, foldersOf[index]!, index);
  });
  return { board, time };
}

function mailboxOf(index: number): Mailbox {
  const people = ["support", "sales", "claims", "billing", "legal", "service.desk"];
  const address = index < people.length
    ? `${people[index]}@contoso.com`
    : `mailbox-${String(index + 1).padStart(4, "0")}@contoso.com`;
  return { address, bucket: { owner: "contoso", name: "mail" }, startFrom: "bucket" };
}

function folderList(names: readonly string[] | undefined, count: number): readonly Folder[] {
  const list = names ??
    Array.from({ length: count }, (_, index) => NAMES[index] ?? `Projects/Client ${index}`);
  return list.map((name, index) => ({
    id: `folder-${index}`,
    path: names ? [name] : name.split("/"),
    itemCount: 20_000 + index * 100,
  }));
}

function deliverForAnHour(
  board: StatusBoard,
  time: ShiftedTime,
  mailboxes: readonly Mailbox[],
  foldersOf: readonly (readonly Folder[])[],
): void {
  for (let minute = 0; minute < 60; minute++) {
    mailboxes.slice(0, 40).forEach((mailbox, index) => {
      const wave = Math.max(0, Math.sin((minute + index) / 9) + 0.35);
      const delivered = Math.round(wave * 30 / (index % 7 + 1));
      const counts = { ...NO_COUNTS, delivered, bytes: delivered * 74_321 };
      board.settled(mailbox, foldersOf[index]![0]!, counts);
    });
    time.advance(MINUTE_MS);
  }
}

interface Place {
  readonly troubled: boolean;
  readonly mailbox: number;
  readonly folder: number;
}

function stateOf(
  { id, path }: Folder,
  now: Date,
  { troubled, mailbox, folder }: Place,
): FolderSyncState {
  const isBehind = troubled && mailbox % 9 === 1 && folder < 2;
  const phase: FolderPhase = isBehind
    ? { name: "backfilling", token: "t" }
    : { name: "following", token: "t" };
  const minutesBehind = isBehind ? 60 * 24 * (30 + mailbox % 400) : 5;
  return {
    api: "ews",
    folder: { id, path },
    phase,
    syncedUntil: new Date(now.getTime() - minutesBehind * MINUTE_MS),
    lastSyncedAt: now,
    skipped: troubled && mailbox % 11 === 3 && folder === 0 ? skippedEmails(now) : [],
  };
}

function skippedEmails(now: Date): readonly SkippedItem[] {
  const email = (number: number, code: string, reason: string): SkippedItem => ({
    itemId: `item-${number}`,
    id: `<${number}.2026@mail.example>`,
    receivedAt: new Date(now.getTime() - number * HOUR_MS),
    sizeBytes: 48_213 * number,
    code,
    reason,
    skippedAt: new Date(now.getTime() - 20 * MINUTE_MS),
    retries: 0,
  });
  return [
    email(3, "ErrorItemCorrupt", "The item is corrupt"),
    email(30, "ErrorMimeContentConversionFailed", "The content could not be converted to MIME"),
    { ...email(31, "ErrorItemCorrupt", "The item is corrupt"), rebuilt: true },
  ];
}

/** What is wrong with some mailboxes, by their place. */
function trouble(
  board: StatusBoard,
  mailbox: Mailbox,
  [, folder]: readonly Folder[],
  index: number,
): void {
  const named = (error: SyncError) => error.in({ mailbox: mailbox.address });
  if (index % 97 === 2) suspend(named(DENIED));
  if (index % 151 === 4) suspend(named(MISSING));
  if (index % 61 === 5) {
    board.phaseChanged(mailbox, { name: "backing-off", error: named(RESET), delayMs: 90_000 });
  }
  if (index % 71 === 1) board.throttled(named(BUSY), 240_000, mailbox);
  if (index % 131 === 3 && folder) board.passFailed(mailbox, folder, named(RESET));
  function suspend(error: SyncError): void {
    board.phaseChanged(mailbox, { name: "suspended", error, delayMs: 14 * MINUTE_MS });
  }
}
