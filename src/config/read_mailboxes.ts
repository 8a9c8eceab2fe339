import type { Mailbox } from "../core/mailbox.ts";
import { isMailboxAddress } from "./mail_address.ts";
import { folderListsOf, participantListsOf, warnOfLists } from "./mailbox_lists.ts";
import { pathOf, quoted } from "./printable.ts";
import type { Findings } from "./problem.ts";
import { givenInFile, type KeyValues, readKeys } from "./read_keys.ts";
import { BUCKET_KEYS, isJsonObject, type JsonObject, MAILBOX_KEYS } from "./schema.ts";
import type { Setting } from "./setting.ts";
import { timestampWarnings } from "./timestamp.ts";

/** One mailbox of the file whose keys were all valid. */
export interface MailboxEntry {
  readonly mailbox: Mailbox;
  /** Its keys as configured, for what `Mailbox` has no place for yet. */
  readonly values: KeyValues<typeof MAILBOX_KEYS>;
}

export interface ReadMailboxes {
  /** In the order of the file, disabled ones included. */
  readonly entries: readonly MailboxEntry[];
  readonly settings: readonly Setting[];
}

/** Reads `mailboxes` (spec section 2): an object from address to mailbox. */
export function readMailboxes(mailboxes: JsonObject, findings: Findings): ReadMailboxes {
  const entries: MailboxEntry[] = [];
  const settings: Setting[] = [];
  const firstSpelling = new Map<string, string>();
  for (const [written, value] of Object.entries(mailboxes)) {
    const path = pathOf("mailboxes", written);
    if (value === null) {
      findings.warnings.push({ at: path, message: "is null, so this mailbox is left out" });
      continue;
    }
    const address = written.toLowerCase();
    checkAddress(written, firstSpelling.get(address), path, findings);
    firstSpelling.set(address, firstSpelling.get(address) ?? written);
    const entry = readMailbox(address, value, path, findings, settings);
    if (entry) entries.push(entry);
  }
  if (firstSpelling.size === 0) {
    findings.warnings.push({ at: "mailboxes", message: "no mailbox is configured" });
  }
  return { entries, settings };
}

function checkAddress(
  written: string,
  sameAs: string | undefined,
  path: string,
  findings: Findings,
): void {
  if (!isMailboxAddress(written)) {
    findings.problems.push({ at: path, message: "the key must be an email address, NAME@DOMAIN" });
  }
  if (sameAs !== undefined) {
    const message = `is the same mailbox as ${quoted(sameAs)}: case makes no difference`;
    findings.problems.push({ at: path, message });
  }
}

function readMailbox(
  address: string,
  value: unknown,
  path: string,
  findings: Findings,
  settings: Setting[],
): MailboxEntry | undefined {
  if (!isJsonObject(value)) {
    const message = 'must be an object with a "bucket"';
    findings.problems.push({ at: path, value: quoted(value), message });
    return undefined;
  }
  const read = readKeys(MAILBOX_KEYS, givenInFile(value), path, findings);
  const bucketPath = pathOf(path, "bucket");
  if (!read.isGiven("bucket")) {
    findings.problems.push({ at: bucketPath, message: 'missing: give its "owner" and "name"' });
  }
  if (!read.values.bucket) return undefined;
  const bucket = readBucket(read.values.bucket, bucketPath, findings);
  settings.push(...bucket.settings, ...read.settings);
  warnOfStart(read.values, path, findings);
  warnOfLists(read.values, path, findings);
  if (!bucket.name) return undefined;
  return { mailbox: mailboxOf(address, bucket.name, read.values), values: read.values };
}

function readBucket(object: JsonObject, path: string, findings: Findings) {
  const { values, isGiven, settings } = readKeys(BUCKET_KEYS, givenInFile(object), path, findings);
  for (const key of ["owner", "name"] as const) {
    if (isGiven(key)) continue;
    findings.problems.push({ at: pathOf(path, key), message: "missing" });
  }
  const { owner, name } = values;
  if (owner === undefined || name === undefined) return { settings };
  return { settings, name: { owner, name } };
}

function warnOfStart(
  { start_from, start_timestamp }: MailboxEntry["values"],
  path: string,
  findings: Findings,
): void {
  if (start_from === "config") {
    const begin = start_timestamp
      ? 'at its "start_timestamp"'
      : 'at its oldest email, as it has no "start_timestamp"';
    const message =
      `is for debugging: every start of the process begins this mailbox anew ${begin}`;
    findings.warnings.push({ at: pathOf(path, "start_from"), value: '"config"', message });
  }
  findings.warnings.push(...timestampWarnings(pathOf(path, "start_timestamp"), start_timestamp));
}

function mailboxOf(
  address: string,
  bucket: Mailbox["bucket"],
  values: MailboxEntry["values"],
): Mailbox {
  const folders = folderListsOf(values);
  const participants = participantListsOf(values);
  return {
    address,
    bucket,
    startFrom: values.start_from,
    ...(values.start_timestamp ? { startTimestamp: values.start_timestamp.instant } : {}),
    ...(folders ? { folders } : {}),
    ...(participants ? { participants } : {}),
  };
}
