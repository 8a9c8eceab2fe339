import type { AnswerPart } from "../answer_bytes.ts";
import { isDamaged } from "../damage.ts";
import { attachmentContent, attachmentPlaceOf, listedAttachments } from "../item_attachments.ts";
import type { Item } from "../items.ts";
import type { Attachment } from "../mime_attachments.ts";
import { decodedText, HEADER_BYTES_MAX, headerOf } from "../mime_header.ts";
import { heldMime, type MimeSource, startOf } from "../mime_source.ts";
import type { SimulatedMailbox } from "../simulated_mailbox.ts";
import { attachmentElementName, attachmentFacts } from "./attachment_elements.ts";
import { type Call, openMailbox, type Operation, type ResponseMessage } from "./call.ts";
import type { ContentReader } from "./content_reader.ts";
import { ERRORS, EwsError, NotModelled } from "./ews_errors.ts";
import { BODY_TYPES } from "./shapes.ts";
import { textElement } from "./xml_text.ts";

/** EWS reference: GetAttachment. */
export const getAttachment: Operation = {
  name: "GetAttachment",
  read(request) {
    const shape = request.optional("m:AttachmentShape");
    const includeMime = shape ? readAttachmentShape(shape) : false;
    const ids = request.required("m:AttachmentIds").allOf(["t:AttachmentId"]).map(readId);
    request.end();
    return ids.map((id): ResponseMessage => ({
      emptyContent: "<m:Attachments/>",
      answer: (call) => oneAttachment(call, id, includeMime),
    }));
  },
};

/** AttachmentResponseShapeType; tells whether the MIME content of attached emails is wanted. */
function readAttachmentShape(reader: ContentReader): boolean {
  const includeMime = reader.optional("t:IncludeMimeContent")?.boolean() ?? false;
  reader.optional("t:BodyType")?.enumerated(BODY_TYPES, "BodyTypeResponseType");
  const other = reader.optionalOneOf(["t:FilterHtmlContent", "t:AdditionalProperties"]);
  if (other) throw new NotModelled(`${other.name} in AttachmentShape`);
  reader.end();
  return includeMime;
}

/** RequestAttachmentIdType. */
function readId(reader: ContentReader): string {
  const id = reader.requiredAttribute("Id");
  reader.end();
  return id;
}

function oneAttachment(call: Call, id: string, includeMime: boolean): readonly AnswerPart[] {
  const { mailbox, item, index } = located(call, id);
  const attachment = listedAttachments(item)[index];
  if (!attachment) throw invalidId();
  if (item.damage && isDamaged(item.damage, ["attachments"])) throw damaged(item.damage.code);
  const content = attachmentContent(item, index) ?? heldMime();
  const piece = { mime: content, mailbox: mailbox.address, item, attachmentId: id };
  const element = attachmentElementName(attachment);
  call.note.items++;
  return [
    `<m:Attachments><${element}>${attachmentFacts(attachment, id)}`,
    ...(attachment.isItem
      ? attachedItem(attachment, content, includeMime ? [piece] : [])
      : ["<t:Content>", piece, "</t:Content>"]),
    `</${element}></m:Attachments>`,
  ];
}

interface Located {
  readonly mailbox: SimulatedMailbox;
  readonly item: Item;
  readonly index: number;
}

function located(call: Call, id: string): Located {
  const place = attachmentPlaceOf(id);
  const owner = place && call.store.mailboxOfId(place.itemId);
  if (!place || !owner) throw invalidId();
  const mailbox = openMailbox(call, owner.address);
  const item = mailbox.item(place.itemId);
  if (!item || item.isPhantom) throw ERRORS.itemNotFound();
  return { mailbox, item, index: place.index };
}

/** An attached email as an item of its own; it has no id, for it lies in no folder. */
function attachedItem(
  { name }: Attachment,
  content: MimeSource,
  pieces: readonly AnswerPart[],
): readonly AnswerPart[] {
  const subject = headerOf(startOf(content, HEADER_BYTES_MAX)).get("subject");
  return [
    "<t:Message>",
    ...pieces.flatMap((
      piece,
    ) => ['<t:MimeContent CharacterSet="UTF-8">', piece, "</t:MimeContent>"]),
    textElement("t:ItemClass", "IPM.Note") +
    textElement("t:Subject", subject === undefined ? name : decodedText(subject)) +
    "</t:Message>",
  ];
}

function invalidId(): EwsError {
  return new EwsError("ErrorInvalidAttachmentId", "The attachment Id is invalid.");
}

function damaged(code: string): EwsError {
  return new EwsError(code, "The attachment could not be read.");
}
