/** What the demo says to people. */
import { join, relative } from "node:path";
import { arrivedSince, type DeliveredEmail } from "./delivered_files.ts";

export interface Introduction {
  readonly endpoint: string;
  readonly mailboxCount: number;
  /** The appliance's command line. */
  readonly command: string;
  /** Its `--local-files-prefix`. */
  readonly mail: string;
  readonly serverLog: string;
}

/** What happens now, and what to look at meanwhile. */
export function introduction(
  { endpoint, mailboxCount, command, mail, serverLog }: Introduction,
): string {
  const places = [
    ["http://127.0.0.1:…", "the status page, at the address that the appliance logs first"],
    [`${mail}/data`, "for every email an .eml, byte for byte, and a .json with its metadata"],
    [`${mail}/state`, "how far each folder has come"],
    [serverLog, "what the server has to say"],
  ] as const;
  const width = Math.max(...places.map(([path]) => path.length)) + 2;
  return [
    "",
    `A simulated Exchange server with ${countOf(mailboxCount, "mailbox", "mailboxes")}, in which ` +
    "new emails keep arriving, is at",
    `  ${endpoint} (NTLM over TLS with channel binding).`,
    "The appliance follows it:",
    `  ${command}`,
    "",
    "Look at",
    ...places.map(([path, what]) => `  ${path.padEnd(width)}${what}`),
    "",
  ].join("\n");
}

/** How much there was when everything had been delivered for the first time. */
export interface FirstPass {
  readonly emails: number;
  readonly tookMs: number;
}

export interface Outcome {
  readonly startedAt: Date;
  /** Absent if it was ended before. */
  readonly firstPass: FirstPass | undefined;
  /** The appliance's `--local-files-prefix`. */
  readonly prefix: string;
}

/** What was delivered, mailbox by mailbox, how fast, and one email to look at. */
export function summary(emails: readonly DeliveredEmail[], outcome: Outcome): string {
  const { startedAt, firstPass, prefix } = outcome;
  const bytes = emails.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const live = emails.filter((email) => arrivedSince(email, startedAt)).length;
  const sample = emails.toSorted((a, b) => timeOf(a) - timeOf(b)).at(-1);
  return [
    "",
    `${countOf(emails.length, "email")}, ${(bytes / 1e6).toFixed(1)} MB, in ${prefix}/data:`,
    ...mailboxLines(emails, prefix),
    ...(firstPass === undefined ? [] : [firstPassLine(firstPass)]),
    `Arrived meanwhile, and delivered: ${countOf(live, "email")}`,
    ...(sample === undefined ? [] : [
      `An email: ${sample.path.replace(/\.json$/, ".eml")}`,
      `Its metadata: ${sample.path}`,
    ]),
  ].join("\n");
}

function timeOf({ receivedAt }: DeliveredEmail): number {
  return receivedAt?.getTime() ?? -Infinity;
}

function mailboxLines(emails: readonly DeliveredEmail[], prefix: string): readonly string[] {
  // data/OWNER/BUCKET/MAILBOX/YYYY/MM/DD/KEY.json
  const mailboxOf = ({ path }: DeliveredEmail): string =>
    relative(join(prefix, "data"), path).split("/").slice(0, 3).join("/");
  return [...Map.groupBy(emails, mailboxOf)].toSorted().map(([mailbox, own]) => {
    const folders = new Set(own.map(({ folder }) => folder.join("/")));
    return `  ${mailbox}: ${countOf(own.length, "email")} of ${countOf(folders.size, "folder")}`;
  });
}

function firstPassLine({ emails, tookMs }: FirstPass): string {
  const seconds = tookMs / 1_000;
  const rate = Math.round(emails / seconds);
  return `First pass: ${countOf(emails, "email")} in ${seconds.toFixed(1)} s (${rate} emails/s)`;
}

function countOf(count: number, singular: string, plural = `${singular}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? singular : plural}`;
}
