import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type ExpectedEmail, expectedEmails } from "../exchange/expected_emails.ts";
import type { Item } from "../exchange/items.ts";
import { bytesOf } from "../exchange/mime_source.ts";
import type { SimulatedExchange } from "../exchange/simulated_exchange.ts";

/** An email that a complete sync delivers, as whoever reads the destination can tell it. */
export interface ExpectedMail {
  readonly mailbox: string;
  readonly folder: readonly string[];
  readonly receivedAt: Date;
  readonly id: string;
  /** SHA-256 of its MIME content, lower-case hex. */
  readonly sha256: string;
  /** Valid UTF-8 without a NUL: the platform takes it as it is, all else re-encoded. */
  readonly isText: boolean;
}

/** All mail of an Exchange that has to be synced, without any of the code under test. */
export function expectedMail({ store }: SimulatedExchange): readonly ExpectedMail[] {
  return expectedEmails(store).map(mailOf);
}

/** What a destination has to hold of an email that lies, or lay, in a mailbox. */
export function mailOf({ mailbox, folder, item }: ExpectedEmail): ExpectedMail {
  const mime = bytesOf(item.mime!);
  return {
    mailbox,
    folder,
    receivedAt: item.receivedAt!,
    id: idOf(mailbox, item),
    sha256: createHash("sha256").update(mime).digest("hex"),
    isText: isText(mime),
  };
}

/** What tells one delivered email from all others, as one string to compare sets by. */
export function toldOf(
  { mailbox, folder, id, sha256 }: Omit<ExpectedMail, "receivedAt" | "isText">,
): string {
  return JSON.stringify([mailbox, folder, id, sha256]);
}

/** The rule of spec section 3, for mail whose Message-IDs hold no control characters. */
function idOf(mailbox: string, { internetMessageId, searchKey }: Item): string {
  const messageId = internetMessageId?.trim() ?? "";
  if (messageId !== "" && messageId.length <= 512) return messageId;
  const digest = createHash("sha256").update(Uint8Array.fromHex(searchKey)).digest("hex");
  return `<${digest}@${mailbox}>`;
}

function isText(bytes: Uint8Array): boolean {
  try {
    return !new TextDecoder("utf-8", { fatal: true }).decode(bytes).includes("\0");
  } catch {
    return false;
  }
}

/** How far a stored state says that one folder has come. */
export interface FolderProgress {
  readonly mailbox: string;
  readonly folder: readonly string[];
  readonly syncedUntil: Date;
}

/**
 * Asserts that no state is ahead of what is stored: of every folder, all that was received before its
 * `synced_until` is there.
 */
export function assertStatesBehind(
  progress: readonly FolderProgress[],
  expected: readonly ExpectedMail[],
  isStored: (email: ExpectedMail) => boolean,
): void {
  const until = untilByFolder(progress);
  for (const email of expected) {
    const syncedUntil = until.get(folderName(email));
    if (!syncedUntil || email.receivedAt >= syncedUntil) continue;
    const { id } = email;
    assert.ok(isStored(email), `${folderName(email)} is ahead: ${id} is not stored`);
  }
}

/** `synced_until` by the name of `folderName`. */
export function untilByFolder(progress: readonly FolderProgress[]): ReadonlyMap<string, Date> {
  return new Map(progress.map((one) => [folderName(one), one.syncedUntil]));
}

/** Mailbox and folder path as one string. */
export function folderName(
  { mailbox, folder }: Pick<FolderProgress, "mailbox" | "folder">,
): string {
  return JSON.stringify([mailbox, folder]);
}
