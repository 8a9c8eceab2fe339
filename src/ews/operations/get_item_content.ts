import type { ItemAnswer } from "../../source/item_answer.ts";
import type { Operation } from "../operation.ts";
import { element, textElement } from "../xml_writer.ts";
import { itemAnswersOf } from "./item_answer.ts";
import { idOnly, itemIds } from "./request_parts.ts";

/** Which of the answer's `MimeContent` elements (in document order) is the item's; may be none. */
export interface ContentPlace {
  readonly mimeIndex: number | undefined;
}

/**
 * GetItem for MIME content. The content itself is taken out of the answer as it arrives (see
 * `mime_splitter.ts`); what is decoded here is which of it belongs to which item.
 */
export function getItemContent(
  ids: readonly string[],
): Operation<readonly ItemAnswer<ContentPlace>[]> {
  return {
    name: "GetItem",
    reach: "item",
    messagesExpected: ids.length,
    contentElements: ["MimeContent"],
    encode: () =>
      element(
        "m:GetItem",
        {},
        element("m:ItemShape", {}, idOnly(), textElement("t:IncludeMimeContent", true)),
        itemIds(ids),
      ),
    decode: (messages) => {
      let next = 0;
      return itemAnswersOf(ids, messages, (item) => ({
        mimeIndex: item.optionalNode("MimeContent") ? next++ : undefined,
      }));
    },
  };
}
