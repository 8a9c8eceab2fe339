import { createHash } from "node:crypto";
import type { AttachmentInfo, ItemDescription } from "../core/email.ts";
import type { ItemAttachment, ItemMessage, ItemPart } from "./item_message.ts";
import { addressList, dateText, headerField, parameter, unstructuredText } from "./mime_text.ts";

/** All that is known of an email whose MIME content cannot be had. */
export interface RebuiltEmail {
  readonly item: ItemDescription;
  readonly message: ItemMessage;
  /** What Exchange could not give. */
  readonly missing: readonly ItemPart[];
}

/** A part of the email: its header, and the bytes before they are encoded for transport. */
export interface RebuiltPart {
  readonly header: string;
  readonly content: Uint8Array;
}

/** Fields that an email has once at most (RFC 5322 section 3.6), in lower case. */
const SINGLE_FIELDS: ReadonlySet<string> = new Set([
  "date",
  "from",
  "sender",
  "reply-to",
  "to",
  "cc",
  "bcc",
  "message-id",
  "in-reply-to",
  "references",
  "subject",
]);

const FIELD_NAME = /^[!-9;-~]{1,128}$/;
/** They describe the content as it was, or say what only we may say. */
const DROPPED_FIELDS = /^(?:content-.*|mime-version|x-reinfer-ews-.*)$/i;

/**
 * The boundary between the parts. It follows from the item alone, so that an email is rebuilt to the
 * same bytes; and from its id, which no sender knows: an attached email cannot end its own part.
 */
export function boundaryOf({ itemId }: ItemDescription): string {
  return `=_${createHash("sha256").update(itemId).digest("hex").slice(0, 48)}`;
}

/**
 * The header of the email, up to and with the empty line. What arrived is kept where it is safe, and
 * what is missing there is made from the properties.
 */
export function headerOf(email: RebuiltEmail): string {
  const kept = keptFields(email.message.headers);
  const present = new Set(kept.map(([name]) => name.toLowerCase()));
  const made = madeFields(email).filter(([name]) => !present.has(name.toLowerCase()));
  return [
    ...[...kept, ...made].map(([name, value]) => headerField(name, value)),
    headerField("X-Reinfer-Ews-Rebuilt", "1"),
    ...(email.missing.length > 0
      ? [headerField("X-Reinfer-Ews-Missing", email.missing.join(", "))]
      : []),
    headerField("MIME-Version", "1.0"),
    `Content-Type: multipart/mixed${parameter("boundary", boundaryOf(email.item))}\r\n`,
    "\r\n",
  ].join("");
}

/** The body; an empty one where there is none, for an email has at least one part. */
export function bodyPart({ message: { body } }: RebuiltEmail): RebuiltPart {
  return textPart(body?.type ?? "plain", body?.text ?? "");
}

/** The header of an attachment whose content can be read. */
export function attachmentHeader(attachment: ItemAttachment): string {
  const { name, inline, contentId, isItem } = attachment;
  const type = isItem ? "message/rfc822" : mediaTypeOf(attachment);
  return [
    `Content-Type: ${type}${name === "" ? "" : parameter("name", name)}\r\n`,
    // RFC 2046 section 5.2.1: an email in an email is not encoded once more.
    `Content-Transfer-Encoding: ${isItem ? "8bit" : "base64"}\r\n`,
    `Content-Disposition: ${inline ? "inline" : "attachment"}`,
    `${name === "" ? "" : parameter("filename", name)}\r\n`,
    ...(contentId !== undefined && /^[\x21-\x7e]{1,900}$/.test(contentId)
      ? [`Content-ID: <${contentId.replace(/^<|>$/g, "")}>\r\n`]
      : []),
    "\r\n",
  ].join("");
}

/** What stands in place of an attachment that Exchange cannot give. */
export function unreadablePart({ name, sizeBytes }: AttachmentInfo, reason: string): RebuiltPart {
  const text = `The attachment "${name}" (${sizeBytes} bytes) could not be read from Exchange: ` +
    `${reason}\r\n`;
  return textPart("plain", text, `${name || "attachment"}.unreadable.txt`);
}

function textPart(subtype: "plain" | "html", text: string, fileName?: string): RebuiltPart {
  const disposition = fileName === undefined
    ? ""
    : `Content-Disposition: attachment${parameter("filename", fileName)}\r\n`;
  return {
    header: `Content-Type: text/${subtype}; charset=utf-8\r\n` +
      `Content-Transfer-Encoding: base64\r\n${disposition}\r\n`,
    content: new TextEncoder().encode(text),
  };
}

function keptFields(headers: ItemMessage["headers"]): ItemMessage["headers"] {
  const seen = new Set<string>();
  return headers.filter(([name]) => {
    const folded = name.toLowerCase();
    if (!FIELD_NAME.test(name) || DROPPED_FIELDS.test(name)) return false;
    if (SINGLE_FIELDS.has(folded) && seen.has(folded)) return false;
    seen.add(folded);
    return true;
  });
}

function madeFields({ item, message }: RebuiltEmail): ItemMessage["headers"] {
  const { from, sender } = message;
  const date = item.sentAt ?? item.receivedAt ?? item.createdAt;
  const hasOwnSender = sender && sender.address !== from?.address;
  const fields: readonly (readonly [string, string | undefined])[] = [
    ["From", from && addressList([from])],
    ["Sender", hasOwnSender ? addressList([sender]) : undefined],
    ["To", addressList(message.to)],
    ["Cc", addressList(message.cc)],
    ["Bcc", addressList(message.bcc)],
    ["Reply-To", addressList(message.replyTo)],
    ["Subject", message.subject && unstructuredText(message.subject)],
    ["Date", date && dateText(date)],
    ["Message-ID", item.internetMessageId],
    ["In-Reply-To", message.inReplyTo],
    ["References", message.references],
  ];
  return fields.flatMap(([name, value]) => value?.trim() ? [[name, value] as const] : []);
}

const MEDIA_TYPE =
  /^\s*([a-z0-9!#$&^_.+-]{1,80}\/[a-z0-9!#$&^_.+-]{1,80})\s*(?:;.*?\bcharset="?([a-z0-9._-]{1,40})"?)?/is;

/** What may be encoded in base64 keeps its type; anything else is bytes (RFC 2045 section 6.4). */
function mediaTypeOf({ contentType }: AttachmentInfo): string {
  const [, type, charset] = MEDIA_TYPE.exec(contentType) ?? [];
  if (type === undefined || /^(?:multipart|message)\//i.test(type)) {
    return "application/octet-stream";
  }
  return charset === undefined ? type : `${type}; charset=${charset}`;
}
