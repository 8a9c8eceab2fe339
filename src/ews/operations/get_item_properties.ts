import type { ItemDescription } from "../../core/email.ts";
import { itemDescriptionOf, MESSAGE_ID_TAG, SEARCH_KEY_TAG } from "../item_description.ts";
import type { Operation } from "../operation.ts";
import { element } from "../xml_writer.ts";
import { type ItemAnswer, itemAnswersOf } from "./item_answer.ts";
import {
  additionalProperties,
  extendedFieldUri,
  fieldUri,
  idOnly,
  itemIds,
} from "./request_parts.ts";

/** Properties that items of every type have. */
const ITEM_PROPERTIES = [
  ...[
    "item:ItemClass",
    "item:Attachments",
    "item:DateTimeReceived",
    "item:Size",
    "item:Categories",
    "item:Importance",
    "item:Sensitivity",
    "item:IsDraft",
    "item:DateTimeSent",
    "item:DateTimeCreated",
    "item:HasAttachments",
    "item:ConversationId",
  ].map(fieldUri),
  extendedFieldUri(SEARCH_KEY_TAG, "Binary"),
] as const;

/**
 * What else is asked for. Exchange refuses an item (`ErrorInvalidPropertyRequest`) if any property
 * asked for does not belong to its type.
 */
const MORE_PROPERTIES = {
  /** For messages, meeting messages and posts. */
  message: [
    "message:ConversationTopic",
    "message:InternetMessageId",
    "message:IsRead",
  ].map(fieldUri),
  /** For any type: MAPI properties belong to all of them. */
  any: [extendedFieldUri(MESSAGE_ID_TAG, "String")],
} as const;

/** GetItem for everything an `ItemDescription` says, nothing else; at most 100 ids. */
export function getItemProperties(
  ids: readonly string[],
  type: keyof typeof MORE_PROPERTIES,
): Operation<readonly ItemAnswer<ItemDescription>[]> {
  const properties = additionalProperties(...ITEM_PROPERTIES, ...MORE_PROPERTIES[type]);
  return {
    name: "GetItem",
    reach: "item",
    messagesExpected: ids.length,
    encode: () =>
      element(
        "m:GetItem",
        {},
        element("m:ItemShape", {}, idOnly(), properties),
        itemIds(ids),
      ),
    decode: (messages) => itemAnswersOf(ids, messages, itemDescriptionOf),
  };
}
