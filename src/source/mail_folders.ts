import type { Folder } from "../core/mailbox.ts";

/** A folder as the server shows it. */
export interface FoundFolder {
  readonly id: string;
  readonly parentId?: string;
  /** EWS's element name: `Folder`, `SearchFolder`, `CalendarFolder` … */
  readonly type: string;
  readonly name: string;
  /** Its container class, e.g. `IPF.Note`; some folders have none. */
  readonly folderClass?: string;
  readonly itemCount?: number;
  readonly hidden: boolean;
  /** Role, e.g. `drafts`; servers before Exchange 2013 do not say. */
  readonly distinguishedId?: string;
  /** See `Folder`. */
  readonly changeMark?: string;
}

/** Roles whose folders are not synced (spec section 3); what people made below them is. */
export const UNSYNCED_ROLES: ReadonlySet<string> = new Set([
  "drafts",
  "outbox",
  "syncissues",
  "conflicts",
  "localfailures",
  "serverfailures",
]);

/**
 * The mail folders among those found below the message root, parents before children. `unsynced`
 * has the ids of folders whose role the server did not say.
 */
export function mailFoldersOf(
  found: readonly FoundFolder[],
  unsynced: ReadonlySet<string>,
): readonly Folder[] {
  const byId = new Map(found.map((folder) => [folder.id, folder]));
  const isLeftOut = (folder: FoundFolder) =>
    folder.hidden || folder.type === "SearchFolder" || unsynced.has(folder.id) ||
    UNSYNCED_ROLES.has(folder.distinguishedId ?? "");
  return [...byId.values()]
    .map((folder) => ({ folder, lineage: lineageOf(folder, byId) }))
    .filter(({ folder }) => isMailClass(folder) && !isLeftOut(folder))
    .sort((a, b) => a.lineage.length - b.lineage.length)
    .map(({ folder, lineage }) => ({
      id: folder.id,
      path: lineage.map(({ name }) => name),
      ...(folder.itemCount === undefined ? {} : { itemCount: folder.itemCount }),
      ...(folder.distinguishedId === undefined ? {} : { role: folder.distinguishedId }),
      ...(folder.changeMark === undefined ? {} : { changeMark: folder.changeMark }),
    }));
}

/** From the top-level folder down to `folder` itself. Ends where a hostile answer goes in circles. */
function lineageOf(
  folder: FoundFolder,
  byId: ReadonlyMap<string, FoundFolder>,
): readonly FoundFolder[] {
  const lineage = new Set<FoundFolder>();
  for (
    let ancestor: FoundFolder | undefined = folder;
    ancestor && !lineage.has(ancestor);
    ancestor = byId.get(ancestor.parentId ?? "")
  ) lineage.add(ancestor);
  return [...lineage].reverse();
}

/** `IPF.Note` and its subclasses, or no class at all on a folder that is of no other type. */
function isMailClass({ type, folderClass }: FoundFolder): boolean {
  if (folderClass === undefined) return type === "Folder";
  return /^ipf\.note(\.|$)/i.test(folderClass);
}
