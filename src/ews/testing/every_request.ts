import type { ItemOrder } from "../../source/item_page.ts";
import { encodeEnvelope } from "../envelope.ts";
import type { Operation } from "../operation.ts";
import { countFolderItems } from "../operations/count_folder_items.ts";
import { findFolder } from "../operations/find_folder.ts";
import { findItem } from "../operations/find_item.ts";
import { getAttachment } from "../operations/get_attachment.ts";
import { getFolder } from "../operations/get_folder.ts";
import { getItemContent } from "../operations/get_item_content.ts";
import { getItemMessage, type ItemMessageType } from "../operations/get_item_message.ts";
import { getItemProperties, type ItemProperties } from "../operations/get_item_properties.ts";
import { getStreamingEvents } from "../operations/get_streaming_events.ts";
import { subscribe } from "../operations/subscribe.ts";
import { syncFolderItems } from "../operations/sync_folder_items.ts";
import { unsubscribe } from "../operations/unsubscribe.ts";
import { SCHEMA_VERSIONS } from "../schema_version.ts";

const TIME = new Date("2026-01-02T03:04:05.678Z");
const FOLDER = { folderId: "AAMk+/=" };
const BOUNDS = [undefined, TIME];
const HOSTILE = `a<b>"c"&'d'@example.com`;

const SURVEYED_ROLES = ["archivemsgfolderroot", "recoverableitemsdeletions", "publicfoldersroot"];
const ITEM_PROPERTIES: readonly ItemProperties[] = [
  "message",
  "any",
  "messageWithParticipants",
  "postWithAuthors",
];

const ITEM_MESSAGE_TYPES: readonly ItemMessageType[] = ["message", "post", "any"];

/** Every order, from the beginning or a time on, to the end or up to a time. */
const ORDERS: readonly ItemOrder[] = (["received", "created", "modified"] as const)
  .flatMap((by) => BOUNDS.flatMap((from) => BOUNDS.map((until) => ({ by, from, until }))));

/** Every shape of every operation. */
export const EVERY_OPERATION: readonly Operation<unknown>[] = [
  ...[undefined, HOSTILE].flatMap((owner) => [
    getFolder([{ name: "msgfolderroot", owner }]),
    getFolder([{ name: "drafts", owner }, { name: "outbox", owner }]),
    countFolderItems(SURVEYED_ROLES.map((name) => ({ name, owner }))),
    findFolder({ root: { name: "msgfolderroot", owner }, offset: 0, limit: 1000 }),
    findFolder({ root: { name: "msgfolderroot", owner }, offset: 999, limit: 1000 }),
  ]),
  syncFolderItems({ ...FOLDER, syncState: undefined, limit: 512 }),
  syncFolderItems({ ...FOLDER, syncState: "H4sIAAAA<&", limit: 1 }),
  ...ORDERS.flatMap((order) => [
    findItem({ ...FOLDER, order, offset: 0, limit: 250 }),
    findItem({ ...FOLDER, order, offset: 7, limit: 1 }),
  ]),
  ...ITEM_PROPERTIES.flatMap((asked) => [
    getItemProperties(["AAMk="], asked),
    getItemProperties(["AAMk=", "aAMk="], asked),
  ]),
  ...ITEM_MESSAGE_TYPES.flatMap((type) => [
    getItemMessage("AAMk=", type, ["body", "attachments", "headers"]),
    getItemMessage("AAMk=", type, ["body", "headers"]),
    getItemMessage("AAMk=", type, ["body", "attachments"]),
    getItemMessage("AAMk=", type, ["attachments", "headers"]),
    getItemMessage("AAMk=", type, []),
  ]),
  subscribe("all"),
  subscribe(["AAMk=", HOSTILE]),
  unsubscribe(HOSTILE),
  getStreamingEvents({ subscriptionIds: ["JgBi="], connectionMinutes: 30 }),
  getStreamingEvents({ subscriptionIds: ["JgBi=", HOSTILE], connectionMinutes: 1 }),
  getAttachment({ id: "AAMk=", isItem: true }),
  getAttachment({ id: "AAMk=", isItem: false }),
  getItemContent(["AAMk="]),
  getItemContent(["AAMk=", "aAMk="]),
];

/** Every request that can be sent, by a name for it. */
export function everyRequest(): readonly (readonly [string, string])[] {
  return EVERY_OPERATION.flatMap((operation, index) =>
    SCHEMA_VERSIONS.flatMap((version) =>
      [undefined, HOSTILE].map((impersonate) =>
        [
          `${operation.name} ${index} ${version} ${impersonate ?? "delegate"}`,
          encodeEnvelope({ version, impersonate }, operation.encode(version)),
        ] as const
      )
    )
  );
}
