import { z } from "zod";
import type { AttachmentInfo, ItemDescription, Participants } from "../core/email.ts";
import type { Mailbox } from "../core/mailbox.ts";
import { isMailClass } from "../source/mail_class.ts";
import { present } from "../source/present.ts";
import {
  expandExtended,
  EXTENDED_VALUES,
  extendedValue,
  type ExtendedValues,
} from "./extended_properties.ts";
import type { GraphQuery } from "./graph_path.ts";
import { participantsOf, RECIPIENT } from "./message_participants.ts";

const PROPERTIES = [
  "id",
  "receivedDateTime",
  "sentDateTime",
  "createdDateTime",
  "internetMessageId",
  "hasAttachments",
  "isRead",
  "isDraft",
  "importance",
  "categories",
  "conversationId",
] as const;
const PARTICIPANTS = [
  "from",
  "sender",
  "toRecipients",
  "ccRecipients",
  "bccRecipients",
  "replyTo",
] as const;

const EXPAND = [
  expandExtended(["searchKey", "size", "conversationTopic", "sensitivity", "itemClass"]),
  "attachments($select=id,name,contentType,size,isInline)",
].join(",");

/** What Graph says of an attachment. */
export const ATTACHMENT = z.object({
  "@odata.type": z.string().nullish(),
  name: z.string().nullish(),
  contentType: z.string().nullish(),
  size: z.number().nullish(),
  isInline: z.boolean().nullish(),
});

/** The fields of a message that a description is made of. */
export const MESSAGE = z.object({
  "@odata.type": z.string().nullish(),
  id: z.string().min(1),
  parentFolderId: z.string().nullish(),
  receivedDateTime: z.string().nullish(),
  sentDateTime: z.string().nullish(),
  createdDateTime: z.string().nullish(),
  lastModifiedDateTime: z.string().nullish(),
  internetMessageId: z.string().nullish(),
  hasAttachments: z.boolean().nullish(),
  isRead: z.boolean().nullish(),
  isDraft: z.boolean().nullish(),
  importance: z.string().nullish(),
  categories: z.array(z.string()).nullish(),
  conversationId: z.string().nullish(),
  from: RECIPIENT.nullish(),
  sender: RECIPIENT.nullish(),
  toRecipients: z.array(RECIPIENT).nullish(),
  ccRecipients: z.array(RECIPIENT).nullish(),
  bccRecipients: z.array(RECIPIENT).nullish(),
  replyTo: z.array(RECIPIENT).nullish(),
  singleValueExtendedProperties: EXTENDED_VALUES,
  attachments: z.array(ATTACHMENT).nullish(),
});

export type GraphMessage = z.output<typeof MESSAGE>;

/**
 * The query for all that a description says, and `more`. Participants only where the mailbox has
 * lists of them.
 */
export function descriptionQuery(
  { participants }: Mailbox,
  more: readonly string[] = [],
): GraphQuery {
  const names = [...PROPERTIES, ...(participants ? PARTICIPANTS : []), ...more];
  return { $select: [...new Set(names)].join(","), $expand: EXPAND };
}

/** A message as EWS would describe it: the same fields with the same values. */
export function messageDescriptionOf(message: GraphMessage, mailbox: Mailbox): ItemDescription {
  const extended = message.singleValueExtendedProperties;
  const { categories } = message;
  return {
    itemId: message.id,
    ...present({
      internetMessageId: message.internetMessageId ?? undefined,
      searchKey: searchKeyIn(extended),
      receivedAt: timeOf(message.receivedDateTime),
      sentAt: timeOf(message.sentDateTime),
      createdAt: timeOf(message.createdDateTime),
    }),
    sizeBytes: sizeIn(extended),
    isMail: isMail(message),
    isDraft: message.isDraft ?? false,
    metadata: present({
      hasAttachments: message.hasAttachments ?? undefined,
      isRead: message.isRead ?? undefined,
      importance: capitalised(message.importance),
      sensitivity: SENSITIVITIES[extendedValue(extended, "sensitivity") ?? "0"],
      categories: categories?.length ? categories : undefined,
      conversationId: ewsIdOf(message.conversationId),
      conversationTopic: extendedValue(extended, "conversationTopic"),
    }),
    attachments: message.attachments?.map(attachmentInfoOf) ?? [],
    ...participantsFor(message, mailbox),
  };
}

/** A time as Graph writes it; undefined where it has none, which some of its services write as 1. */
export function timeOf(text: string | null | undefined): Date | undefined {
  const time = new Date(text ?? "");
  return Number.isNaN(time.getTime()) || time.getUTCFullYear() <= 1 ? undefined : time;
}

/** What Graph says of an attachment in EWS's terms. */
export function attachmentInfoOf(attachment: z.output<typeof ATTACHMENT>): AttachmentInfo {
  return {
    name: attachment.name ?? "",
    sizeBytes: countOf(attachment.size ?? 0),
    contentType: attachment.contentType ||
      (isItemAttachment(attachment) ? "message/rfc822" : "application/octet-stream"),
    inline: attachment.isInline ?? false,
  };
}

/** Whether it is an item of Exchange, an email for example, and not a file. */
export function isItemAttachment(attachment: z.output<typeof ATTACHMENT>): boolean {
  return attachment["@odata.type"] === "#microsoft.graph.itemAttachment";
}

/** PR_SENSITIVITY (MS-OXCMSG 2.2.1.13) in the words of EWS; absent counts as normal. */
const SENSITIVITIES: Readonly<Record<string, string>> = {
  "0": "Normal",
  "1": "Personal",
  "2": "Private",
  "3": "Confidential",
};

function participantsFor(
  message: GraphMessage,
  mailbox: Mailbox,
): { readonly participants?: Participants } {
  if (!mailbox.participants) return {};
  const { from, sender } = message;
  return { participants: participantsOf(isPost(message) ? { from, sender } : message) };
}

/** Posts have authors and no recipients: EWS shows none of what may stand in their header. */
function isPost({ singleValueExtendedProperties: extended }: GraphMessage): boolean {
  return /^ipm\.post(\.|$)/i.test(extendedValue(extended, "itemClass") ?? "");
}

/** Graph shows nothing else as a message; where it tells the class, that decides. */
function isMail({ "@odata.type": type, singleValueExtendedProperties: extended }: GraphMessage) {
  const itemClass = extendedValue(extended, "itemClass");
  return itemClass === undefined || isMailClass(itemClass) ||
    (type ?? "").startsWith("#microsoft.graph.eventMessage");
}

function searchKeyIn(extended: ExtendedValues): string | undefined {
  const base64 = extendedValue(extended, "searchKey")?.trim();
  if (!base64) return undefined;
  try {
    return Uint8Array.fromBase64(base64).toHex();
  } catch {
    // A key that cannot be read is no key: the id is derived from the MIME header then.
    return undefined;
  }
}

function sizeIn(extended: ExtendedValues): number {
  return countOf(Number(extendedValue(extended, "size") ?? 0));
}

function countOf(value: number): number {
  return Number.isSafeInteger(value) && value > 0 ? value : 0;
}

function capitalised(word: string | null | undefined): string | undefined {
  return word ? word.charAt(0).toUpperCase() + word.slice(1) : undefined;
}

/** Graph writes ids in an alphabet fit for URLs (Microsoft, "translateExchangeIds"). */
function ewsIdOf(id: string | null | undefined): string | undefined {
  return id?.replaceAll("-", "/").replaceAll("_", "+");
}
