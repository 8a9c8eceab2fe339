import type { ItemDescription } from "../../core/email.ts";
import type { ItemAnswer } from "../../source/item_answer.ts";
import { itemDescriptionOf, MESSAGE_ID_TAG, SEARCH_KEY_TAG } from "../item_description.ts";
import type { Operation } from "../operation.ts";
import { participantsOf } from "../participants.ts";
import { element } from "../xml_writer.ts";
import { itemAnswersOf } from "./item_answer.ts";
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

/** For messages, meeting messages and posts. */
const POST_PROPERTIES = [
  "message:ConversationTopic",
  "message:InternetMessageId",
  "message:IsRead",
].map(fieldUri);

/** MAPI properties belong to items of all types. */
const ANY_PROPERTIES = [extendedFieldUri(MESSAGE_ID_TAG, "String")];

const AUTHORS = ["message:From", "message:Sender"].map(fieldUri);
const RECIPIENTS = [
  "message:ToRecipients",
  "message:CcRecipients",
  "message:BccRecipients",
  "message:ReplyTo",
].map(fieldUri);

/**
 * What is asked for beside the properties of all items. Exchange refuses an item
 * (`ErrorInvalidPropertyRequest`) if any property asked for does not belong to its type:
 * - `message`: a message, meeting message or post; `any`: an item of any type.
 * - `messageWithParticipants`: a message or meeting message; `postWithAuthors`: a post, too.
 */
const MORE_PROPERTIES = {
  message: POST_PROPERTIES,
  any: ANY_PROPERTIES,
  messageWithParticipants: [...POST_PROPERTIES, ...AUTHORS, ...RECIPIENTS],
  postWithAuthors: [...POST_PROPERTIES, ...AUTHORS],
} as const;

export type ItemProperties = keyof typeof MORE_PROPERTIES;

/** GetItem for what an `ItemDescription` says, nothing else; at most 100 ids. */
export function getItemProperties(
  ids: readonly string[],
  asked: ItemProperties,
): Operation<readonly ItemAnswer<ItemDescription>[]> {
  const properties = additionalProperties(...ITEM_PROPERTIES, ...MORE_PROPERTIES[asked]);
  const hasParticipants = asked === "messageWithParticipants" || asked === "postWithAuthors";
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
    decode: (messages) =>
      itemAnswersOf(ids, messages, (item, itemId) => ({
        ...itemDescriptionOf(item, itemId),
        ...(hasParticipants ? { participants: participantsOf(item) } : {}),
      })),
  };
}
