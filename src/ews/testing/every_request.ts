import { encodeEnvelope } from "../envelope.ts";
import type { Operation } from "../operation.ts";
import { findFolder } from "../operations/find_folder.ts";
import { findItem } from "../operations/find_item.ts";
import { getFolder } from "../operations/get_folder.ts";
import { getItemContent } from "../operations/get_item_content.ts";
import { getItemProperties } from "../operations/get_item_properties.ts";
import { syncFolderItems } from "../operations/sync_folder_items.ts";
import { SCHEMA_VERSIONS } from "../schema_version.ts";

const TIME = new Date("2026-01-02T03:04:05.678Z");
const FOLDER = { folderId: "AAMk+/=" };
const HOSTILE = `a<b>"c"&'d'@example.com`;

/** Every shape of every operation. */
const OPERATIONS: readonly Operation<unknown>[] = [
  getFolder([{ name: "msgfolderroot" }]),
  getFolder([{ name: "drafts", owner: HOSTILE }, { name: "outbox", owner: HOSTILE }]),
  findFolder({ root: { name: "msgfolderroot" }, offset: 0, limit: 1000 }),
  findFolder({ root: { name: "msgfolderroot", owner: HOSTILE }, offset: 999, limit: 1000 }),
  syncFolderItems({ ...FOLDER, syncState: undefined, limit: 512 }),
  syncFolderItems({ ...FOLDER, syncState: "H4sIAAAA<&", limit: 1 }),
  ...[undefined, TIME].flatMap((from) => [
    findItem({ ...FOLDER, order: { by: "received", from }, offset: 0, limit: 250 }),
    findItem({ ...FOLDER, order: { by: "created", from }, offset: 7, limit: 1 }),
  ]),
  getItemProperties(["AAMk=", "aAMk="], "message"),
  getItemProperties(["AAMk="], "any"),
  getItemContent(["AAMk="]),
];

/** Every request that can be sent, by a name for it. */
export function everyRequest(): readonly (readonly [string, string])[] {
  return OPERATIONS.flatMap((operation, index) =>
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
