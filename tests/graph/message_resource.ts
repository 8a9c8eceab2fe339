import { changeKeyOf, conversationIdOf } from "../exchange/exchange_ids.ts";
import { listedAttachments } from "../exchange/item_attachments.ts";
import { elementNameOf } from "../exchange/item_classes.ts";
import { conversationHash, type Item, participantsOf } from "../exchange/items.ts";
import { extendedValue, type PropertyValue } from "../exchange/mapi_properties.ts";
import { bodyOf, type WantedBody } from "../exchange/mime_body.ts";
import { fieldsOf, HEADER_BYTES_MAX } from "../exchange/mime_header.ts";
import { startOf } from "../exchange/mime_source.ts";
import type { Participant } from "../exchange/participant.ts";
import type { ItemIdType, SimulatedMailbox } from "../exchange/simulated_mailbox.ts";
import type { ExtendedProperty } from "./expansion.ts";
import { graphId } from "./graph_ids.ts";
import type { Json, JsonObject } from "./json_parts.ts";

/** In which way messages are asked for. */
export interface MessageView {
  readonly mailbox: SimulatedMailbox;
  readonly idType: ItemIdType;
  readonly body: WantedBody;
  /** Absent: all but what has to be asked for. */
  readonly selected: ReadonlySet<string> | undefined;
  readonly extended: readonly ExtendedProperty[];
}

type Property = (item: Item, view: MessageView) => Json;

const PREVIEW_CHARACTERS = 255;

/** Properties of v1.0's message resource, in its order; undefined where an item has none. */
const PROPERTIES = new Map<string, Property>([
  ["createdDateTime", (item) => timeText(item.createdAt)],
  ["lastModifiedDateTime", (item) => timeText(item.modifiedAt)],
  ["changeKey", (item, { mailbox }) => changeKey(item, mailbox)],
  ["categories", (item) => item.categories],
  ["receivedDateTime", (item) => timeText(item.receivedAt)],
  ["sentDateTime", (item) => timeText(item.sentAt)],
  ["hasAttachments", (item) => listedAttachments(item).some(({ inline }) => !inline)],
  ["internetMessageId", (item) => item.internetMessageId],
  ["subject", (item) => item.subject ?? null],
  ["bodyPreview", (item) => bodyOf(item.mime, "Text").text.slice(0, PREVIEW_CHARACTERS)],
  ["importance", (item) => item.importance.toLowerCase()],
  ["parentFolderId", (item) => graphId(item.folderId)],
  [
    "conversationId",
    (item, { mailbox }) => graphId(conversationIdOf(mailbox.ids, conversationHash(item))),
  ],
  ["isReadReceiptRequested", () => false],
  ["isRead", (item) => item.isRead],
  ["isDraft", (item) => item.isDraft],
  ["inferenceClassification", () => "focused"],
  ["body", bodyOfMessage],
  ["sender", (item) => recipient(participantsOf(item).sender)],
  ["from", (item) => recipient(participantsOf(item).from)],
  ["toRecipients", (item) => recipients(participantsOf(item).to)],
  ["ccRecipients", (item) => recipients(participantsOf(item).cc)],
  ["bccRecipients", (item) => recipients(participantsOf(item).bcc)],
  ["replyTo", (item) => recipients(participantsOf(item).replyTo)],
  ["flag", () => ({ flagStatus: "notFlagged" })],
]);

/** Only where it is selected by name. */
const ON_REQUEST = new Map<string, Property>([["internetMessageHeaders", headersOfMessage]]);

/** Elements of EWS and the types of Graph derived from message. */
const DERIVED_TYPES: Readonly<Record<string, string>> = {
  MeetingMessage: "eventMessage",
  MeetingCancellation: "eventMessage",
  MeetingRequest: "eventMessageRequest",
  MeetingResponse: "eventMessageResponse",
};

/** Whether Graph shows an item as a message: contacts and the like in mail folders it does not. */
export function isMessage({ itemClass }: Item): boolean {
  const known = messageClasses.get(itemClass);
  if (known !== undefined) return known;
  const isOne = /^(Message|Meeting\w+|PostItem)$/.test(elementNameOf(itemClass));
  messageClasses.set(itemClass, isOne);
  return isOne;
}

/** Classes seen so far: each page asks it of a whole folder. */
const messageClasses = new Map<string, boolean>();

export function isMessageProperty(name: string): boolean {
  return name === "id" || PROPERTIES.has(name) || ON_REQUEST.has(name);
}

/** Name of the type in the namespace `microsoft.graph`. */
export function messageTypeOf({ itemClass }: Item): string {
  return DERIVED_TYPES[elementNameOf(itemClass)] ?? "message";
}

/** The id of a message by the kind that is preferred. */
export function messageIdOf(item: Item, idType: ItemIdType): string {
  return graphId(idType === "immutable" ? item.immutableId : item.id);
}

/** A message with what is asked for; `withType` where a collection always names the type. */
export function messageResource(item: Item, view: MessageView, withType = false): JsonObject {
  const type = messageTypeOf(item);
  const { selected } = view;
  const shown = selected
    ? [...PROPERTIES, ...ON_REQUEST].filter(([name]) => selected.has(name))
    : [...PROPERTIES];
  return {
    ...(withType || type !== "message" ? { "@odata.type": `#microsoft.graph.${type}` } : {}),
    "@odata.etag": `W/"${changeKey(item, view.mailbox)}"`,
    "id": messageIdOf(item, view.idType),
    ...Object.fromEntries(shown.map(([name, property]) => [name, property(item, view)])),
    ...extendedProperties(view.extended, (type, tag) => extendedValue(item, tag, type)),
  };
}

/** The extended properties a resource has; the member is left out where it has none of them. */
export function extendedProperties(
  asked: readonly ExtendedProperty[],
  valueOf: (type: string, tag: number) => PropertyValue,
): JsonObject {
  const values = asked.flatMap(({ id, type, tag }) => {
    const value = tag === undefined ? undefined : valueOf(type, tag);
    return value === undefined ? [] : [{ id, value: valueText(value) }];
  });
  return values.length === 0 ? {} : { singleValueExtendedProperties: values };
}

function valueText(value: Exclude<PropertyValue, undefined>): string {
  return value instanceof Date ? timeText(value)! : String(value);
}

/** Whole seconds, cut off. */
export function timeText(time: Date | undefined): string | undefined {
  return time?.toISOString().replace(/\.\d+Z$/, "Z");
}

function changeKey(item: Item, mailbox: SimulatedMailbox): string {
  return changeKeyOf(mailbox.ids, 0x09, item.changeNumber);
}

function bodyOfMessage({ mime }: Item, view: MessageView): Json {
  const { type, text } = bodyOf(mime, view.body);
  return { contentType: type.toLowerCase(), content: text };
}

function recipient(participant: Participant | undefined): Json {
  if (!participant) return undefined;
  const { name, address } = participant;
  return { emailAddress: { name, address } };
}

function recipients(participants: readonly Participant[] | undefined): Json {
  return (participants ?? []).map(recipient);
}

function headersOfMessage({ mime }: Item): Json {
  const fields = mime ? fieldsOf(startOf(mime, HEADER_BYTES_MAX)) : [];
  return fields.length === 0 ? undefined : fields.map(({ name, value }) => ({ name, value }));
}
