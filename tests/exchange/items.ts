import { createHash } from "node:crypto";
import type { Damage } from "./damage.ts";
import type { Attachment } from "./mime_attachments.ts";
import { dateOf, decodedText, type Header, HEADER_BYTES_MAX, headerOf } from "./mime_header.ts";
import { type MimeSource, startOf } from "./mime_source.ts";
import { type ItemParticipants, participantsIn } from "./participants.ts";

/** One item as the store holds it: a value, replaced with every change. All times are UTC. */
export interface Item extends ItemProperties {
  /** New with every move or copy. */
  readonly id: string;
  /** Kept by moves, new with every copy; only Graph shows it. */
  readonly immutableId: string;
  readonly folderId: string;
  /** The version: ascends over the whole mailbox. */
  readonly changeNumber: number;
  /** Absent for items that have no MIME form, such as contacts. */
  readonly mime?: MimeSource;
  /** Absent: all of it can be read. */
  readonly damage?: Damage;
  /** Listed like any other, and not found when asked for. */
  readonly isPhantom?: boolean;
}

/** What a delivery may state instead of having it derived from the MIME content and the clock. */
export interface ItemProperties {
  /** PR_MESSAGE_CLASS, e.g. `IPM.Note`. */
  readonly itemClass: string;
  /** PR_SEARCH_KEY as lower-case hex, 16 bytes; kept by moves and copies. */
  readonly searchKey: string;
  /** Kept to the millisecond, though answers show whole seconds unless asked for more. */
  readonly receivedAt: Date | undefined;
  readonly sentAt: Date | undefined;
  readonly createdAt: Date;
  readonly modifiedAt: Date;
  /** Size in the store, in bytes; not the size of the MIME content. */
  readonly sizeBytes: number;
  readonly internetMessageId: string | undefined;
  readonly subject: string | undefined;
  readonly conversationTopic: string | undefined;
  readonly isRead: boolean;
  readonly isDraft: boolean;
  readonly importance: "Low" | "Normal" | "High";
  readonly sensitivity: "Normal" | "Personal" | "Private" | "Confidential";
  readonly categories: readonly string[];
  /** Stated where they cannot or should not be found in the MIME content. */
  readonly attachments?: readonly Attachment[];
  /** Stated where they are other than in the header, e.g. Exchange addresses. */
  readonly participants?: ItemParticipants;
}

/** What the store knows of an item at its arrival. */
export interface Arrival {
  readonly now: Date;
  readonly searchKey: string;
}

/** The store's own bytes per message beside its content; clients must not take one for the other. */
const STORE_OVERHEAD_BYTES = 2_311;
const NO_HEADER: Header = new Map();

/** The properties of an item on arrival: stated ones first, then what its header says. */
export function propertiesOf(
  mime: MimeSource | undefined,
  stated: Partial<ItemProperties>,
  arrival: Arrival,
): ItemProperties {
  const header = mimeHeaderOf(mime);
  const receivedAt = "receivedAt" in stated ? stated.receivedAt : arrival.now;
  const subject = fieldText(header, "subject");
  return {
    itemClass: "IPM.Note",
    searchKey: arrival.searchKey,
    sentAt: dateOf(header) ?? receivedAt,
    createdAt: receivedAt ?? arrival.now,
    modifiedAt: receivedAt ?? arrival.now,
    sizeBytes: (mime?.sizeBytes ?? 0) + STORE_OVERHEAD_BYTES,
    internetMessageId: header.get("message-id"),
    subject,
    conversationTopic: subject?.replace(/^(\s*(re|fwd?|aw|wg)\s*:\s*)+/i, ""),
    isRead: false,
    isDraft: false,
    importance: importanceOf(header),
    sensitivity: "Normal",
    categories: [],
    ...stated,
    receivedAt,
  };
}

/** Everybody an item names: stated ones, else those of its header. */
export function participantsOf({ participants, mime }: Item): ItemParticipants {
  return participants ?? participantsIn(mimeHeaderOf(mime));
}

/** The header of an item's MIME content; empty where it has none. */
export function mimeHeaderOf(mime: MimeSource | undefined): Header {
  return mime ? headerOf(startOf(mime, HEADER_BYTES_MAX)) : NO_HEADER;
}

function fieldText(header: Header, name: string): string | undefined {
  const value = header.get(name);
  return value === undefined ? undefined : decodedText(value);
}

function importanceOf(header: Header): "Low" | "Normal" | "High" {
  const stated = header.get("importance")?.toLowerCase() ?? header.get("x-priority")?.[0];
  if (stated === "high" || stated === "1" || stated === "2") return "High";
  return stated === "low" || stated === "4" || stated === "5" ? "Low" : "Normal";
}

/** What makes two items one conversation; 16 bytes. */
export function conversationHash(item: ItemProperties): Uint8Array {
  return createHash("md5").update((item.conversationTopic ?? "").toLowerCase()).digest();
}
