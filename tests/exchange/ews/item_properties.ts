import { conversationIdOf } from "../exchange_ids.ts";
import { listedAttachments } from "../item_attachments.ts";
import { elementNameOf } from "../item_classes.ts";
import { conversationHash, type Item, mimeHeaderOf, participantsOf } from "../items.ts";
import type { PropertyValue } from "../mapi_properties.ts";
import { bodyOf, type WantedBody } from "../mime_body.ts";
import { fieldsOf, HEADER_BYTES_MAX } from "../mime_header.ts";
import { startOf } from "../mime_source.ts";
import type { SimulatedMailbox } from "../simulated_mailbox.ts";
import { attachmentsElement } from "./attachment_elements.ts";
import { nameOnly, recipientElement, recipientsElement } from "./participant_elements.ts";
import type { SchemaVersion } from "./server_version.ts";
import { escaped, idElement, textElement } from "./xml_text.ts";

export interface ItemProperty {
  readonly uri: string;
  readonly since: SchemaVersion;
  /** Name of its element in the types namespace. */
  readonly element: string;
  /** Only GetItem can give it: finding and syncing read the folder's table, which lacks it. */
  readonly onlyByGetItem?: true;
  /** The simple value, by which items can be found and sorted. */
  value?(item: Item): PropertyValue;
  /** The ready element where it is more than a simple value. */
  render?(item: Item, mailbox: SimulatedMailbox, view: PropertyView): string;
  /** Posts lack it, though messages have it. */
  readonly notOfPosts?: true;
}

/** In which way properties are asked for. */
export interface PropertyView {
  readonly byGetItem: boolean;
  readonly bodyType: WantedBody;
}

const since = "Exchange2007" as const;

/**
 * In the order of ItemType, then MessageType; PostItemType has the same order but for Sender, which
 * is its last and hence here twice. `ItemId`,
 * `MimeContent` and extended properties are not here: they do not come by FieldURI alone.
 */
export const ITEM_PROPERTIES: readonly ItemProperty[] = [
  // Asked for by name it adds nothing: it comes with every item.
  { uri: "item:ItemId", since, element: "ItemId", render: () => "" },
  { uri: "item:MimeContent", since, element: "MimeContent", onlyByGetItem: true, render: () => "" },
  {
    uri: "item:ParentFolderId",
    since,
    element: "ParentFolderId",
    // The folder's own change key is not known to the item: this is the one Exchange gives instead.
    render: ({ folderId }) => idElement("t:ParentFolderId", folderId, "AQAAAA=="),
  },
  { uri: "item:ItemClass", since, element: "ItemClass", value: (item) => item.itemClass },
  { uri: "item:Subject", since, element: "Subject", value: (item) => item.subject },
  { uri: "item:Sensitivity", since, element: "Sensitivity", value: (item) => item.sensitivity },
  {
    uri: "item:Body",
    since,
    element: "Body",
    onlyByGetItem: true,
    render: (item, _, { bodyType }) => bodyElement(item, bodyType),
  },
  {
    uri: "item:Attachments",
    since,
    element: "Attachments",
    onlyByGetItem: true,
    render: attachmentsElement,
  },
  {
    uri: "item:DateTimeReceived",
    since,
    element: "DateTimeReceived",
    value: (item) => item.receivedAt,
  },
  { uri: "item:Size", since, element: "Size", value: (item) => item.sizeBytes },
  { uri: "item:Categories", since, element: "Categories", render: categoriesElement },
  { uri: "item:Importance", since, element: "Importance", value: (item) => item.importance },
  {
    uri: "item:InReplyTo",
    since,
    element: "InReplyTo",
    value: (item) => mimeHeaderOf(item.mime).get("in-reply-to"),
  },
  { uri: "item:IsDraft", since, element: "IsDraft", value: (item) => item.isDraft },
  {
    uri: "item:InternetMessageHeaders",
    since,
    element: "InternetMessageHeaders",
    onlyByGetItem: true,
    render: headersElement,
  },
  { uri: "item:DateTimeSent", since, element: "DateTimeSent", value: (item) => item.sentAt },
  {
    uri: "item:DateTimeCreated",
    since,
    element: "DateTimeCreated",
    value: (item) => item.createdAt,
  },
  {
    uri: "item:HasAttachments",
    since,
    element: "HasAttachments",
    value: (item) => listedAttachments(item).some((attachment) => !attachment.inline),
  },
  {
    uri: "item:LastModifiedTime",
    since: "Exchange2007_SP1",
    element: "LastModifiedTime",
    value: (item) => item.modifiedAt,
  },
  {
    uri: "item:ConversationId",
    since: "Exchange2010",
    element: "ConversationId",
    render: (item, mailbox) =>
      idElement("t:ConversationId", conversationIdOf(mailbox.ids, conversationHash(item))),
  },
  {
    uri: "message:Sender",
    since,
    element: "Sender",
    render: (item, mailbox, view) => isPost(item) ? "" : senderElement(item, mailbox, view),
  },
  ...(["ToRecipients", "CcRecipients", "BccRecipients"] as const).map((element) => ({
    uri: `message:${element}`,
    since,
    element,
    onlyByGetItem: true as const,
    notOfPosts: true as const,
    render: (item: Item, mailbox: SimulatedMailbox) =>
      recipientsElement(element, participantsOf(item)[RECIPIENT_LISTS[element]], mailbox),
  })),
  {
    uri: "message:ConversationTopic",
    since,
    element: "ConversationTopic",
    value: (item) => item.conversationTopic,
  },
  {
    uri: "message:From",
    since,
    element: "From",
    render: (item, mailbox, { byGetItem }) => {
      const { from } = participantsOf(item);
      return recipientElement("From", byGetItem ? from : nameOnly(from), mailbox);
    },
  },
  {
    uri: "message:InternetMessageId",
    since,
    element: "InternetMessageId",
    value: (item) => item.internetMessageId,
  },
  { uri: "message:IsRead", since, element: "IsRead", value: (item) => item.isRead },
  {
    uri: "message:References",
    since,
    element: "References",
    value: (item) => mimeHeaderOf(item.mime).get("references"),
  },
  {
    uri: "message:ReplyTo",
    since,
    element: "ReplyTo",
    onlyByGetItem: true,
    notOfPosts: true,
    render: (item, mailbox) => recipientsElement("ReplyTo", participantsOf(item).replyTo, mailbox),
  },
  {
    uri: "message:Sender",
    since,
    element: "Sender",
    render: (item, mailbox, view) => isPost(item) ? senderElement(item, mailbox, view) : "",
  },
];

const RECIPIENT_LISTS = { ToRecipients: "to", CcRecipients: "cc", BccRecipients: "bcc" } as const;

/** Whether the property exists for items of this class at all. */
export function isPropertyOf({ uri, notOfPosts }: ItemProperty, item: Item): boolean {
  const element = elementNameOf(item.itemClass);
  if (notOfPosts && isPost(item)) return false;
  return !uri.startsWith("message:") || /^(Message|Meeting\w+|PostItem)$/.test(element);
}

function isPost({ itemClass }: Item): boolean {
  return elementNameOf(itemClass) === "PostItem";
}

function senderElement(item: Item, mailbox: SimulatedMailbox, view: PropertyView): string {
  const { sender } = participantsOf(item);
  return recipientElement("Sender", view.byGetItem ? sender : nameOnly(sender), mailbox);
}

function bodyElement(item: Item, wanted: WantedBody): string {
  const { type, text } = bodyOf(item.mime, wanted);
  return `<t:Body BodyType="${type}">${escaped(text)}</t:Body>`;
}

function headersElement({ mime }: Item): string {
  const fields = mime ? fieldsOf(startOf(mime, HEADER_BYTES_MAX)) : [];
  if (fields.length === 0) return "";
  const elements = fields.map(({ name, value }) =>
    `<t:InternetMessageHeader HeaderName="${escaped(name)}">${escaped(value)}` +
    "</t:InternetMessageHeader>"
  );
  return `<t:InternetMessageHeaders>${elements.join("")}</t:InternetMessageHeaders>`;
}

function categoriesElement({ categories }: Item): string {
  if (categories.length === 0) return "";
  const strings = categories.map((category) => textElement("t:String", category));
  return `<t:Categories>${strings.join("")}</t:Categories>`;
}

/** A simple value as the text of its element. */
export function valueText(
  value: Exclude<PropertyValue, undefined>,
  precision: DatePrecision,
): string {
  return escaped(value instanceof Date ? dateText(value, precision) : String(value));
}

/** How fine answers show times: whole seconds, cut off, unless the request asks for more. */
export type DatePrecision = "Seconds" | "Milliseconds";

/** A time as `xs:dateTime`. */
export function dateText(date: Date, precision: DatePrecision): string {
  const text = date.toISOString();
  return precision === "Milliseconds" ? text : text.replace(/\.\d+Z$/, "Z");
}
