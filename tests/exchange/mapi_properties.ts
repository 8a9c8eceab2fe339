import type { Item } from "./items.ts";

/** A property of an item as it can be compared; undefined where the item does not have it. */
export type PropertyValue = Date | string | number | boolean | undefined;

/** In the order of their numbers (MS-OXCMSG, PidTagSensitivity). */
const SENSITIVITIES: readonly Item["sensitivity"][] = [
  "Normal",
  "Personal",
  "Private",
  "Confidential",
];

/** MAPI properties, by tag and the type they are asked for by, as EWS and Graph name it. */
const EXTENDED = new Map<string, (item: Item) => PropertyValue>([
  // PR_SEARCH_KEY, PR_MESSAGE_DELIVERY_TIME, PR_CLIENT_SUBMIT_TIME, PR_CREATION_TIME,
  // PR_LAST_MODIFICATION_TIME, PR_MESSAGE_CLASS, PR_INTERNET_MESSAGE_ID, PR_MESSAGE_SIZE,
  // PR_SENSITIVITY, PR_CONVERSATION_TOPIC
  ["0x300b Binary", (item) => Uint8Array.fromHex(item.searchKey).toBase64()],
  ["0xe06 SystemTime", (item) => item.receivedAt],
  ["0x39 SystemTime", (item) => item.sentAt],
  ["0x3007 SystemTime", (item) => item.createdAt],
  ["0x3008 SystemTime", (item) => item.modifiedAt],
  ["0x1a String", (item) => item.itemClass],
  ["0x1035 String", (item) => item.internetMessageId],
  ["0xe08 Integer", (item) => item.sizeBytes],
  ["0x36 Integer", (item) => SENSITIVITIES.indexOf(item.sensitivity)],
  ["0x70 String", (item) => item.conversationTopic],
]);

/** The value of a MAPI property; undefined where the item has none of that tag and type. */
export function extendedValue(item: Item, tag: number, type: string): PropertyValue {
  return EXTENDED.get(`0x${tag.toString(16)} ${type}`)?.(item);
}
