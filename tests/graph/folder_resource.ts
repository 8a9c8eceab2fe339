import type { SimulatedFolder, SimulatedMailbox } from "../exchange/simulated_mailbox.ts";
import type { ExtendedProperty } from "./expansion.ts";
import { graphId } from "./graph_ids.ts";
import type { Json, JsonObject } from "./json_parts.ts";
import { extendedProperties } from "./message_resource.ts";

export interface FolderView {
  readonly mailbox: SimulatedMailbox;
  /** Absent: everything. */
  readonly selected: ReadonlySet<string> | undefined;
  readonly extended: readonly ExtendedProperty[];
}

type Property = (folder: SimulatedFolder, mailbox: SimulatedMailbox) => Json;

const PR_CONTAINER_CLASS = 0x3613;

/** Properties of v1.0's mailFolder resource, in its order. */
const PROPERTIES = new Map<string, Property>([
  ["displayName", ({ displayName }) => displayName],
  ["parentFolderId", ({ parentId }) => parentId === undefined ? undefined : graphId(parentId)],
  ["childFolderCount", ({ id }, mailbox) => mailbox.childrenOf(id).filter(isMailFolder).length],
  [
    "unreadItemCount",
    ({ id }, mailbox) => mailbox.itemsOf(id).filter((item) => !item.isRead).length,
  ],
  ["totalItemCount", ({ id }, mailbox) => mailbox.itemCountOf(id)],
  ["isHidden", ({ hidden }) => hidden],
]);

/** Calendars, contact folders and task lists are resources of their own in Graph. */
export function isMailFolder({ type }: SimulatedFolder): boolean {
  return type === "folder" || type === "search";
}

export function isFolderProperty(name: string): boolean {
  return name === "id" || PROPERTIES.has(name);
}

export function folderResource(folder: SimulatedFolder, view: FolderView): JsonObject {
  const { mailbox, selected, extended } = view;
  const shown = [...PROPERTIES].filter(([name]) => selected?.has(name) ?? true);
  const isSearch = folder.type === "search";
  return {
    ...(isSearch ? { "@odata.type": "#microsoft.graph.mailSearchFolder" } : {}),
    "id": graphId(folder.id),
    ...Object.fromEntries(shown.map(([name, property]) => [name, property(folder, mailbox)])),
    ...extendedProperties(
      extended,
      (type, tag) =>
        tag === PR_CONTAINER_CLASS && type.toLowerCase() === "string"
          ? folder.folderClass
          : undefined,
    ),
  };
}
