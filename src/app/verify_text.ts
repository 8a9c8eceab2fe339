import type { MailboxVerification } from "../sync/verify_mailbox.ts";
import { minuteOf } from "./status_report.ts";
import { visible, visiblePath } from "../config/printable.ts";

const COLUMNS = ["emails", "stored", "missing", "skipped", "untold", "filtered"] as const;

/** What was found of one mailbox, as a small table. */
export function verificationText(verification: MailboxVerification): string {
  const { mailbox, folders, firstMissing, repaired, extra } = verification;
  const total = sumOf(folders);
  const rows = folders.filter(({ emails, filtered }) => emails + filtered > 0)
    .map((folder) => `${numbers(folder)}  ${visiblePath(folder.folder.path)}`);
  const lines = [
    visible(mailbox.address),
    `${COLUMNS.map((name) => name.padStart(9)).join("")}  folder`,
    ...rows,
    `${numbers(total)}  total`,
    ...(total.untold > 0 ? ["  untold: without Message-ID, only their content could tell"] : []),
    ...(total.skipped > 0 ? ["  skipped: on the record, see `status`"] : []),
    ...(extra ? [`  ${extra} more stored that are in no synced folder, as after deletions`] : []),
    ...(repaired > 0 ? [`  ${repaired} were missing and are delivered now`] : []),
    ...firstMissing.map(({ folder, receivedAt, id, itemId }) =>
      `  missing: ${visiblePath(folder.path)}  ${minuteOf(receivedAt)}  ${visible(id ?? itemId)}`
    ),
    ...(total.missing > firstMissing.length
      ? [`  … and ${total.missing - firstMissing.length} missing ones more`]
      : []),
    "",
  ];
  return lines.map((line) => `${line}\n`).join("");
}

/** The line that says what came of all of it. */
export function verifySummary(verified: readonly MailboxVerification[], asked: number): string {
  const { emails, stored, missing, skipped } = sumOf(verified.flatMap(({ folders }) => folders));
  const failed = asked - verified.length;
  return `${verified.length} mailboxes verified${failed > 0 ? `, ${failed} not` : ""}: ` +
    `${emails} emails, ${stored} stored, ${missing} missing, ${skipped} skipped\n`;
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
