import type { AnswerPart } from "../answer_bytes.ts";
import { type Call, openMailboxOfId, type Operation, type ResponseMessage } from "./call.ts";
import type { ContentReader } from "./content_reader.ts";
import { ERRORS, NotModelled } from "./ews_errors.ts";
import { itemElement } from "./item_element.ts";
import { type ItemShape, readItemShape } from "./shapes.ts";

export const getItem: Operation = {
  name: "GetItem",
  read(request) {
    const shape = readItemShape(request.required("m:ItemShape"));
    const ids = request.required("m:ItemIds").allOf([
      "t:ItemId",
      "t:OccurrenceItemId",
      "t:RecurringMasterItemId",
    ]).map(readItemId);
    request.end();
    return ids.map((id): ResponseMessage => ({
      emptyContent: "<m:Items/>",
      answer: (call) => oneItem(call, id, shape),
    }));
  },
};

/** ItemIdType. */
export function readItemId(reader: ContentReader): string {
  if (reader.name !== "ItemId") throw new NotModelled(reader.name);
  const id = reader.requiredAttribute("Id");
  reader.attribute("ChangeKey"); // reading ignores it: it matters to changes only
  reader.end();
  return id;
}

function oneItem(call: Call, id: string, shape: ItemShape): readonly AnswerPart[] {
  const mailbox = openMailboxOfId(call, id);
  const item = mailbox.item(id);
  if (!item || item.isPhantom) throw ERRORS.itemNotFound();
  const answer = { mailbox, shape, precision: call.precision, byGetItem: true };
  const element = itemElement(item, answer);
  call.note.items++;
  return ["<m:Items>", ...element, "</m:Items>"];
}
