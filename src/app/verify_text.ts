import { nextTryAt } from "../core/skipped_item.ts";
import type { MailboxVerification, MissingEmail } from "../sync/verification.ts";
import { counted } from "./counted.ts";
import { minuteOf } from "../status/state_report.ts";
import { visible, visiblePath } from "../config/printable.ts";

const COLUMNS = ["emails", "stored", "missing", "skipped", "untold", "filtered"] as const;

/** What was found of one mailbox, as a small table. */
export function verificationText(verification: MailboxVerification): string {
  const { mailbox, folders, firstMissing, firstSkipped, repaired, extra } = verification;
  const total = sumOf(folders);
  const rows = folders.filter(({ emails, filtered }) => emails + filtered > 0)
    .map((folder) => `${numbers(folder)}  ${visiblePath(folder.folder.path)}`);
  const lines = [
    visible(mailbox.address),
    `${COLUMNS.map((name) => name.padStart(9)).join("")}  folder`,
    ...rows,
    `${numbers(total)}  total`,
    ...(total.untold > 0 ? ["  untold: without Message-ID, only their content could tell"] : []),
    ...(extra ? [`  ${extra} more stored that are in no synced folder, as after deletions`] : []),
    ...(repaired > 0 ? [`  ${counted(repaired, "email")} missing before, delivered now`] : []),
    ...firstMissing.map((email) => `  missing: ${nameOf(email)}`),
    ...more(total.missing - firstMissing.length, "missing"),
    ...firstSkipped.flatMap((email) => [`  skipped: ${nameOf(email)}`, ...reasonOf(email)]),
    ...more(total.skipped - firstSkipped.length, "skipped"),
    "",
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function nameOf({ folder, receivedAt, id, itemId, skip }: MissingEmail): string {
  const time = minuteOf(receivedAt ?? skip?.receivedAt);
  return `${visiblePath(folder.path)}  ${time}  ${visible(id ?? skip?.id ?? itemId)}`;
}

function reasonOf({ skip }: MissingEmail): readonly string[] {
  if (!skip) return [];
  const next = nextTryAt(skip);
  const again = next ? `tried again at ${minuteOf(next)}` : "tried again on demand only";
  return [`    known, on the record of skips: ${visible(skip.code)}, ${again}`];
}

function more(number: number, what: string): readonly string[] {
  return number > 0 ? [`  … and ${number} more ${what}`] : [];
}

/** The line that says what came of all of it. */
export function verifySummary(verified: readonly MailboxVerification[], asked: number): string {
  const { emails, stored, missing, skipped } = sumOf(verified.flatMap(({ folders }) => folders));
  const failed = asked - verified.length;
  return `${counted(verified.length, "mailbox")} verified${failed > 0 ? `, ${failed} not` : ""}: ` +
    `${counted(emails, "email")}, ${stored} stored, ${missing} missing, ${skipped} skipped\n`;
}

type Counts = Readonly<Record<(typeof COLUMNS)[number], number>>;

function sumOf(counts: readonly Counts[]): Counts {
  const sum = { emails: 0, stored: 0, missing: 0, skipped: 0, untold: 0, filtered: 0 };
  for (const one of counts) for (const name of COLUMNS) sum[name] += one[name];
  return sum;
}

function numbers(counts: Counts): string {
  return COLUMNS.map((name) => String(counts[name]).padStart(9)).join("");
}
