import type { ItemAnswer } from "../../source/item_answer.ts";
import type { ItemAttachment, ItemMessage, ItemPart } from "../../source/item_message.ts";
import type { Participant } from "../../source/mime_text.ts";
import { attachmentInfoOf } from "../item_description.ts";
import type { Operation } from "../operation.ts";
import { mailboxesOf, smtpAddressOf } from "../participants.ts";
import type { XmlNode } from "../xml.ts";
import { element, textElement } from "../xml_writer.ts";
import { itemAnswersOf } from "./item_answer.ts";
import { additionalProperties, fieldUri, idOnly, itemIds } from "./request_parts.ts";

const PART_PROPERTIES: Readonly<Record<ItemPart, string>> = {
  body: "item:Body",
  attachments: "item:Attachments",
  headers: "item:InternetMessageHeaders",
};

const ANY_PROPERTIES = ["item:Subject", "item:InReplyTo"] as const;
const POST_PROPERTIES = [
  ...ANY_PROPERTIES,
  "message:From",
  "message:References",
  "message:Sender",
] as const;
const MESSAGE_PROPERTIES = [
  ...POST_PROPERTIES,
  "message:ToRecipients",
  "message:CcRecipients",
  "message:BccRecipients",
  "message:ReplyTo",
] as const;

/** What can be asked for of items of a type; see `getItemProperties`. */
const PROPERTIES = {
  message: MESSAGE_PROPERTIES,
  post: POST_PROPERTIES,
  any: ANY_PROPERTIES,
} as const;

export type ItemMessageType = keyof typeof PROPERTIES;

/** GetItem for what an email can be put together from. */
export function getItemMessage(
  id: string,
  type: ItemMessageType,
  parts: readonly ItemPart[],
): Operation<readonly ItemAnswer<ItemMessage>[]> {
  const properties = [...PROPERTIES[type], ...parts.map((part) => PART_PROPERTIES[part])];
  return {
    name: "GetItem",
    reach: "item",
    messagesExpected: 1,
    encode: () =>
      element(
        "m:GetItem",
        {},
        element(
          "m:ItemShape",
          {},
          idOnly(),
          textElement("t:BodyType", "Best"),
          additionalProperties(...properties.map(fieldUri)),
        ),
        itemIds([id]),
      ),
    decode: (messages) =>
      itemAnswersOf([id], messages, (item) => ({
        ...itemMessageOf(item),
        ...(parts.includes("attachments") ? { attachments: attachmentsOf(item) } : {}),
      })),
  };
}

function itemMessageOf(item: XmlNode): ItemMessage {
  const texts = {
    subject: item.optionalText("Subject"),
    inReplyTo: item.optionalText("InReplyTo"),
    references: item.optionalText("References"),
  };
  const [from] = participantsOf(item, "From");
  const [sender] = participantsOf(item, "Sender");
  const body = item.optionalNode("Body");
  return {
    ...Object.fromEntries(Object.entries(texts).filter(([, text]) => text?.trim())),
    ...(from ? { from } : {}),
    ...(sender ? { sender } : {}),
    to: participantsOf(item, "ToRecipients"),
    cc: participantsOf(item, "CcRecipients"),
    bcc: participantsOf(item, "BccRecipients"),
    replyTo: participantsOf(item, "ReplyTo"),
    ...(body ? { body: bodyOf(body) } : {}),
    headers: headersOf(item),
  };
}

function participantsOf(item: XmlNode, name: string): readonly Participant[] {
  return mailboxesOf(item, name).map((mailbox) => {
    const name = mailbox.optionalText("Name")?.trim();
    const address = smtpAddressOf(mailbox);
    return { ...(name ? { name } : {}), ...(address ? { address } : {}) };
  });
}

function bodyOf(body: XmlNode): NonNullable<ItemMessage["body"]> {
  const isHtml = body.optionalAttribute("BodyType")?.toUpperCase() === "HTML";
  return { type: isHtml ? "html" : "plain", text: body.content };
}

function headersOf(item: XmlNode): ItemMessage["headers"] {
  const headers = item.optionalNode("InternetMessageHeaders")?.nodes("InternetMessageHeader") ?? [];
  return headers.map((header) => [header.optionalAttribute("HeaderName") ?? "", header.content]);
}

function attachmentsOf(item: XmlNode): readonly ItemAttachment[] {
  return item.optionalNode("Attachments")?.children.map(attachmentOf) ?? [];
}

/** A reference to a file elsewhere (ReferenceAttachment) has no content to be fetched. */
function attachmentOf(attachment: XmlNode): ItemAttachment {
  const id = attachment.optionalNode("AttachmentId")?.optionalAttribute("Id");
  const contentId = attachment.optionalText("ContentId")?.trim();
  const isItem = attachment.name === "ItemAttachment";
  const hasContent = isItem || attachment.name === "FileAttachment";
  return {
    ...attachmentInfoOf(attachment),
    isItem,
    ...(id !== undefined && hasContent ? { id } : {}),
    ...(contentId ? { contentId } : {}),
  };
}
