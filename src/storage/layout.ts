import { createHash } from "node:crypto";
import type { EmailRecord } from "../core/email.ts";
import { assert } from "../core/errors.ts";
import type { Mailbox } from "../core/mailbox.ts";

/*
 * Every object name under `config/`, `data/` and `state/`, and its encoding (spec section 5). Names
 * are relative and `/`-separated, the same for files and blobs. Whatever a sender, a folder's owner
 * or a server can choose enters a name only as a digest or a number; what an operator chooses enters
 * it as one encoded segment. So nothing anybody writes can become a path.
 */

/** Names of the two objects that make one email; the presence of `record` means complete. */
export interface EmailObjectNames {
  /** The exact MIME bytes. */
  readonly mime: string;
  readonly record: string;
}

/** Folder of the mailbox-wide data: `data/OWNER/BUCKET/MAILBOX`. */
export function dataFolderOf(mailbox: Mailbox): string {
  return `data/${mailboxPathOf(mailbox)}`;
}

/** Folder of a mailbox's states: `state/OWNER/BUCKET/MAILBOX`. */
export function stateFolderOf(mailbox: Mailbox): string {
  return `state/${mailboxPathOf(mailbox)}`;
}

/** What the one writer of a mailbox's data and states holds a lock on. */
export function lockNameOf(mailbox: Mailbox): string {
  return `${stateFolderOf(mailbox)}/lock`;
}

/** `…/YYYY/MM/DD/KEY.eml` and `.json`; the date is the UTC date of the email's timestamp. */
export function emailObjectNamesOf(
  mailbox: Mailbox,
  email: Pick<EmailRecord, "key" | "timestamp">,
): EmailObjectNames {
  assert(KEY.test(email.key), "a storage key is 32 hex digits");
  const stem = `${dayFolderOf(mailbox, email.timestamp)}/${email.key}`;
  return { mime: `${stem}.eml`, record: `${stem}.json` };
}

/** One of the two objects of an email, told from its name. */
export interface EmailObject {
  readonly key: string;
  /** The name without its extension: the same for both objects of one email. */
  readonly stem: string;
  readonly part: keyof EmailObjectNames;
}

/** Reads a name that `emailObjectNamesOf` gives for this mailbox; `undefined` for any other. */
export function emailObjectOf(mailbox: Mailbox, name: string): EmailObject | undefined {
  const groups = EMAIL_OBJECT.exec(nameWithin(dataFolderOf(mailbox), name) ?? "")?.groups;
  const { key, extension } = groups ?? {};
  if (key === undefined) return undefined;
  const part = extension === "eml" ? "mime" : "record";
  return { key, stem: name.slice(0, name.lastIndexOf(".")), part };
}

/** Whether emails of this mailbox may lie in the folder or deeper: `YYYY`, `YYYY/MM`, `YYYY/MM/DD`. */
export function mayHoldEmails(mailbox: Mailbox, folder: string): boolean {
  return DATE_FOLDER.test(nameWithin(dataFolderOf(mailbox), folder) ?? "");
}

/** Folder of the emails of one day. */
export function dayFolderOf(mailbox: Mailbox, timestamp: Date | undefined): string {
  return `${dataFolderOf(mailbox)}/${datePathOf(timestamp)}`;
}

/** State of one folder. The folder id is case-sensitive and too long for a file name: hashed. */
export function stateNameOf(mailbox: Mailbox, folderId: string): string {
  return `${stateFolderOf(mailbox)}/${stateFileNameOf(folderId)}`;
}

/** Last segment of `stateNameOf`. */
export function stateFileNameOf(folderId: string): string {
  return `folder-${sha256Hex(folderId).slice(0, 32)}.json`;
}

/** Whether the last segment of a name is one that `stateFileNameOf` can give. */
export function isStateFileName(fileName: string): boolean {
  return STATE_FILE_NAME.test(fileName);
}

/** How the mailbox as a whole is: `MailboxCondition`. */
export function conditionNameOf(mailbox: Mailbox): string {
  return `${stateFolderOf(mailbox)}/${CONDITION_FILE_NAME}`;
}

/** Whether we write an object of that last segment beside the lock; all else there is foreign. */
export function isWrittenBesideLock(fileName: string): boolean {
  return isStateFileName(fileName) || fileName === CONDITION_FILE_NAME;
}

/**
 * An object to try the store with, directly under `state/`: no owner's name begins with a dot.
 * `chance` in [0, 1) keeps processes that probe at one time apart.
 */
export function probeNameOf(chance: number): string {
  return `state/.probe-${Math.floor(chance * 2 ** 48).toString(16)}`;
}

/** A stored configuration: `config/OWNER/KEY.json`. */
export function configNameOf(owner: string, key: string): string {
  const extension = ".json";
  const keySegment = segmentOf(key, FILE_NAME_BYTES_MAX - extension.length);
  return `config/${segmentOf(owner, FILE_NAME_BYTES_MAX)}/${keySegment}${extension}`;
}

/**
 * MAILBOX of spec section 5: the address in lower case, every byte outside `[a-z0-9._@+-]`
 * percent-encoded; `.`, `..` and what is then longer than 200 bytes as a digest. Two addresses share
 * a segment only if they differ in case alone.
 */
export function mailboxSegmentOf(address: string): string {
  return segmentOf(address.toLowerCase(), MAILBOX_SEGMENT_BYTES_MAX);
}

const KEY = /^[0-9a-f]{32}$/;
const EMAIL_OBJECT = /^\d{4}\/\d{2}\/\d{2}\/(?<key>[0-9a-f]{32})\.(?<extension>eml|json)$/;
const DATE_FOLDER = /^\d{4}(?:\/\d{2}){0,2}$/;
const STATE_FILE_NAME = /^folder-[0-9a-f]{32}\.json$/;
const CONDITION_FILE_NAME = "mailbox.json";
const MAILBOX_SEGMENT_BYTES_MAX = 200;
/** NAME_MAX of the file systems in use. */
const FILE_NAME_BYTES_MAX = 255;
const LITERAL_BYTES = new Set(
  new TextEncoder().encode("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@+-"),
);

function mailboxPathOf({ address, bucket }: Mailbox): string {
  const owner = segmentOf(bucket.owner, FILE_NAME_BYTES_MAX);
  const name = segmentOf(bucket.name, FILE_NAME_BYTES_MAX);
  return `${owner}/${name}/${mailboxSegmentOf(address)}`;
}

/** The rest of a name below a folder; `undefined` if it is not below it. */
function nameWithin(folder: string, name: string): string | undefined {
  return name.startsWith(`${folder}/`) ? name.slice(folder.length + 1) : undefined;
}

/** `0000/00/00` stands for no date, and for years that four digits cannot hold. */
function datePathOf(timestamp: Date | undefined): string {
  const year = timestamp?.getUTCFullYear() ?? Number.NaN;
  if (!timestamp || !(year >= 0 && year <= 9999)) return "0000/00/00";
  const numbers = [timestamp.getUTCMonth() + 1, timestamp.getUTCDate()];
  return [
    String(year).padStart(4, "0"),
    ...numbers.map((number) => String(number).padStart(2, "0")),
  ].join("/");
}

/** One path segment for any text, injective: percent-encoding never yields `%s`. */
function segmentOf(text: string, bytesMax: number): string {
  const encoded = percentEncoded(text);
  const usable = encoded !== "" && encoded !== "." && encoded !== ".." &&
    encoded.length <= bytesMax;
  return usable ? encoded : `%sha256-${sha256Hex(text)}`;
}

function percentEncoded(text: string): string {
  let encoded = "";
  for (const byte of new TextEncoder().encode(text)) {
    encoded += LITERAL_BYTES.has(byte)
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}

function sha256Hex(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
