import { attachmentIdOf, listedAttachments } from "../item_attachments.ts";
import type { Item } from "../items.ts";
import type { Attachment } from "../mime_attachments.ts";
import { idElement, textElement } from "./xml_text.ts";

/** `item:Attachments`; left out if there are none. */
export function attachmentsElement(item: Item): string {
  const attachments = listedAttachments(item);
  if (attachments.length === 0) return "";
  const elements = attachments.map((attachment, index) => {
    const name = attachmentElementName(attachment);
    return `<${name}>${attachmentFacts(attachment, attachmentIdOf(item.id, index))}</${name}>`;
  });
  return `<t:Attachments>${elements.join("")}</t:Attachments>`;
}

export function attachmentElementName(attachment: Attachment): string {
  return attachment.isItem ? "t:ItemAttachment" : "t:FileAttachment";
}

/** The elements of AttachmentType, in the schema's order. */
export function attachmentFacts(attachment: Attachment, id: string): string {
  const { contentId } = attachment;
  return idElement("t:AttachmentId", id) + textElement("t:Name", attachment.name) +
    (attachment.isItem ? "" : textElement("t:ContentType", attachment.contentType)) +
    (contentId === undefined ? "" : textElement("t:ContentId", contentId)) +
    textElement("t:Size", attachment.sizeBytes) + textElement("t:IsInline", attachment.inline);
}
