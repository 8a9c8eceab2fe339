import { createHash } from "node:crypto";
import type { Folder, Mailbox } from "./mailbox.ts";
import type { MimeContent } from "./mime_content.ts";

/** Properties of an email beside its MIME content; the platform's `EmailMetadata` in our spelling. */
export interface EmailMetadata {
  /** Folder path from the top-level folder down. */
  readonly folder: readonly string[];
  readonly receivedAt?: Date;
  /** Size Exchange states for the item, in bytes; not the size of the MIME content. */
  readonly sizeBytes?: number;
  readonly hasAttachments?: boolean;
  readonly isRead?: boolean;
  readonly importance?: string;
  readonly sensitivity?: string;
  readonly categories?: readonly string[];
  readonly conversationId?: string;
  readonly conversationTopic?: string;
}

export interface AttachmentInfo {
  readonly name: string;
  readonly sizeBytes: number;
  readonly contentType: string;
  readonly inline: boolean;
}

/**
 * What a source knows of one item without its MIME content.
 *
 * All times are UTC. Absent means the server did not give it.
 */
export interface ItemDescription {
  /** Exchange's ItemId: case-sensitive, changes with every move. Never part of an email's id. */
  readonly itemId: string;
  /** The `InternetMessageId` property as the server gives it, untrimmed. */
  readonly internetMessageId?: string;
  /** PR_SEARCH_KEY as lower-case hex; kept by Exchange on moves and copies. */
  readonly searchKey?: string;
  readonly receivedAt?: Date;
  readonly sentAt?: Date;
  readonly createdAt?: Date;
  /** Size Exchange states, in bytes; 0 if unknown. */
  readonly sizeBytes: number;
  /** Whether it is a mail class: note, meeting message, report or post (spec section 3). */
  readonly isMail: boolean;
  /** Unsent items are not emails, wherever they lie. */
  readonly isDraft: boolean;
  readonly metadata: Omit<EmailMetadata, "folder" | "receivedAt" | "sizeBytes">;
  readonly attachments: readonly AttachmentInfo[];
  /** Who sent and got it; only where the mailbox has lists of participants. */
  readonly participants?: Participants;
}

/** From, Sender, To, Cc, Bcc and Reply-To of an email, as the server resolves them. */
export interface Participants {
  /** SMTP addresses in lower case. */
  readonly addresses: readonly string[];
  /** Whether there is one whose SMTP address the server does not tell. */
  readonly unresolved: boolean;
}

/** One email without its MIME content: what the `.json` beside an `.eml` says. */
export interface EmailRecord {
  /** The same on every replay: see `emailIdOf`. */
  readonly id: string;
  /** Name under which file-like sinks store it: see `storageKeyOf`. */
  readonly key: string;
  readonly mailbox: Mailbox;
  /** Sent date, else received, else created (UTC). */
  readonly timestamp?: Date;
  readonly metadata: EmailMetadata;
  readonly attachments: readonly AttachmentInfo[];
}

/** One email; its MIME content byte for byte as Exchange returns it, unless `rebuilt`. */
export interface RawEmail extends EmailRecord {
  readonly mime: MimeContent;
  /** Exchange cannot give the content: it was made from properties and attachments. */
  readonly rebuilt?: boolean;
}

const EMAIL_ID_CHARACTERS_MAX = 512;
// deno-lint-ignore no-control-regex -- control characters are exactly what is looked for
const CONTROL_CHARACTER = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/** Whether a Message-ID, already trimmed, may serve as an email's id (spec section 3). */
function usableAsId(candidate: string): boolean {
  return candidate.length > 0 && candidate.length <= EMAIL_ID_CHARACTERS_MAX &&
    !CONTROL_CHARACTER.test(candidate);
}

/** What the id of an email can be derived from. */
export interface IdSources {
  readonly internetMessageId?: string | undefined;
  readonly searchKey?: string | undefined;
  /** Fields of the MIME header; needed only where the properties above are absent. */
  readonly header?: MimeHeaderFields | undefined;
}

/** The first field of each name in a MIME header, unfolded and trimmed. Names in lower case. */
export type MimeHeaderFields = ReadonlyMap<string, string>;

/**
 * The id under which an email is delivered (spec section 3): the Message-ID with its angle
 * brackets; where it is absent, too long or holds control characters, a hash of what survives moves.
 * The item id is never used: it changes with every move.
 */
export function emailIdOf(mailbox: string, sources: IdSources): string {
  const property = sources.internetMessageId?.trim();
  const messageId = property ? property : sources.header?.get("message-id") ?? "";
  if (usableAsId(messageId)) return messageId;
  return `<${fallbackDigest(sources)}@${mailbox}>`;
}

/**
 * Whether `emailIdOf` needs the MIME header for this item: no Message-ID property, and hence also no
 * way to tell before fetching whether the email is stored already.
 */
export function needsHeaderForId(item: ItemDescription): boolean {
  return !item.internetMessageId?.trim();
}

function fallbackDigest(sources: IdSources): string {
  const hash = createHash("sha256");
  if (sources.searchKey) {
    hash.update(Uint8Array.fromHex(sources.searchKey));
  } else {
    for (const name of ["date", "from", "to", "subject"]) {
      hash.update(`${name}:${sources.header?.get(name) ?? ""}\n`);
    }
  }
  return hash.digest("hex");
}

/**
 * KEY of spec section 5: the first 32 hex digits of SHA-256(id + "\n" + search key hex), so that
 * different emails under one Message-ID stay apart and copies of one email are one.
 */
export function storageKeyOf(id: string, searchKey: string | undefined): string {
  return createHash("sha256").update(`${id}\n${searchKey ?? ""}`).digest("hex").slice(0, 32);
}

/** The record of an item; `header` is needed exactly where `needsHeaderForId` says so. */
export function emailRecordOf(
  mailbox: Mailbox,
  folder: Folder,
  item: ItemDescription,
  header?: MimeHeaderFields,
): EmailRecord {
  const id = emailIdOf(mailbox.address, { ...item, header });
  const timestamp = item.sentAt ?? item.receivedAt ?? item.createdAt;
  return {
    id,
    key: storageKeyOf(id, item.searchKey),
    mailbox,
    ...(timestamp ? { timestamp } : {}),
    metadata: {
      folder: folder.path,
      ...(item.receivedAt ? { receivedAt: item.receivedAt } : {}),
      ...(item.sizeBytes > 0 ? { sizeBytes: item.sizeBytes } : {}),
      ...item.metadata,
    },
    attachments: item.attachments,
  };
}
