import { z } from "zod";
import type { Mailbox } from "../core/mailbox.ts";
import type { ItemAttachment, ItemMessage, ItemPart } from "../source/item_message.ts";
import { present } from "../source/present.ts";
import { expandExtended, EXTENDED_VALUES, extendedValue } from "./extended_properties.ts";
import { graphPath } from "./graph_path.ts";
import { type GraphRequest, readAs } from "./graph_request.ts";
import { ATTACHMENT, attachmentInfoOf, isItemAttachment } from "./message_description.ts";
import { participantOf, RECIPIENT } from "./message_participants.ts";

const PROPERTIES = [
  "id",
  "subject",
  "from",
  "sender",
  "toRecipients",
  "ccRecipients",
  "bccRecipients",
  "replyTo",
] as const;

const ATTACHMENTS =
  "attachments($select=id,name,contentType,size,isInline,microsoft.graph.fileAttachment/contentId)";

const PART = ATTACHMENT.extend({
  id: z.string().min(1),
  contentId: z.string().nullish(),
});

const ANSWER = z.object({
  subject: z.string().nullish(),
  from: RECIPIENT.nullish(),
  sender: RECIPIENT.nullish(),
  toRecipients: z.array(RECIPIENT).nullish(),
  ccRecipients: z.array(RECIPIENT).nullish(),
  bccRecipients: z.array(RECIPIENT).nullish(),
  replyTo: z.array(RECIPIENT).nullish(),
  body: z.object({ contentType: z.string().nullish(), content: z.string().nullish() }).nullish(),
  internetMessageHeaders: z.array(z.object({
    name: z.string().nullish(),
    value: z.string().nullish(),
  })).nullish(),
  singleValueExtendedProperties: EXTENDED_VALUES,
  attachments: z.array(PART).nullish(),
});

/** The request for what an email can be put together from. */
export function messageParts(
  mailbox: Mailbox,
  itemId: string,
  parts: readonly ItemPart[],
): GraphRequest<ItemMessage> {
  const names = [
    ...PROPERTIES,
    ...(parts.includes("body") ? ["body"] : []),
    ...(parts.includes("headers") ? ["internetMessageHeaders"] : []),
  ];
  const extended = expandExtended(["inReplyTo", "references"]);
  return {
    name: "message",
    reach: "item",
    path: graphPath(mailbox, ["messages", itemId], {
      $select: names.join(","),
      $expand: parts.includes("attachments") ? `${extended},${ATTACHMENTS}` : extended,
    }),
    // The body as it arrived: Graph leaves parts of it out by default.
    prefer: ["outlook.allow-unsafe-html"],
    read: (answer) => itemMessageOf(readAs(ANSWER, answer), parts),
  };
}

function itemMessageOf(
  answer: z.output<typeof ANSWER>,
  parts: readonly ItemPart[],
): ItemMessage {
  const { from, sender, singleValueExtendedProperties: extended } = answer;
  const { body, attachments } = answer;
  return {
    ...present({
      subject: worded(answer.subject),
      inReplyTo: worded(extendedValue(extended, "inReplyTo")),
      references: worded(extendedValue(extended, "references")),
      from: from ? participantOf(from) : undefined,
      sender: sender ? participantOf(sender) : undefined,
      body: body ? bodyOf(body) : undefined,
    }),
    to: answer.toRecipients?.map(participantOf) ?? [],
    cc: answer.ccRecipients?.map(participantOf) ?? [],
    bcc: answer.bccRecipients?.map(participantOf) ?? [],
    replyTo: answer.replyTo?.map(participantOf) ?? [],
    headers: answer.internetMessageHeaders
      ?.map(({ name, value }) => [name ?? "", value ?? ""] as const) ?? [],
    ...(parts.includes("attachments") ? { attachments: attachments?.map(attachmentOf) ?? [] } : {}),
  };
}

function worded(text: string | null | undefined): string | undefined {
  return text?.trim() ? text : undefined;
}

function bodyOf(
  { contentType, content }: NonNullable<z.output<typeof ANSWER>["body"]>,
): NonNullable<ItemMessage["body"]> {
  const isHtml = contentType?.toLowerCase() === "html";
  return { type: isHtml ? "html" : "plain", text: content ?? "" };
}

/** A reference to a file elsewhere (referenceAttachment) has no content to be fetched. */
function attachmentOf(attachment: z.output<typeof PART>): ItemAttachment {
  const isItem = isItemAttachment(attachment);
  const hasContent = isItem || attachment["@odata.type"] === "#microsoft.graph.fileAttachment";
  return {
    ...attachmentInfoOf(attachment),
    isItem,
    ...(hasContent ? { id: attachment.id } : {}),
    ...present({ contentId: worded(attachment.contentId)?.trim() }),
  };
}
