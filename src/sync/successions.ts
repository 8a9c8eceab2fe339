import type { Folder } from "../core/mailbox.ts";
import type { FolderSyncState, SourceApi, StateFolder } from "../core/sync_state.ts";

/** A listed folder, and the state that goes on there under its id. */
export interface Succession {
  readonly from: FolderSyncState;
  readonly folder: Folder;
}

/** A succession that was interrupted before the state it began with was removed. */
export interface UnfinishedSuccession {
  readonly from: FolderSyncState;
  readonly by: FolderSyncState;
}

export interface Successions {
  readonly due: readonly Succession[];
  readonly unfinished: readonly UnfinishedSuccession[];
}

/**
 * Which folders go on under other ids (spec section 5, rule 8): where a mailbox is read through
 * another `api` than before, and where it was moved between servers, so that all ids are new. A
 * folder is the same if its id is, else its role, else its path. `states` are of the whole mailbox,
 * `listed` is every folder that the source shows.
 *
 * All states are replaced before any is removed. So a state which is not listed, not gone, and has the
 * role or path of another one is what an interruption left of a succession, and a mailbox in
 * which each state that is listed has such a predecessor was moved.
 */
export function successionsOf(
  states: readonly FolderSyncState[],
  listed: readonly Folder[],
  api: SourceApi,
): Successions {
  const listedIds = new Set(listed.map(({ id }) => id));
  const isListed = ({ folder }: FolderSyncState) => listedIds.has(folder.id);
  const own = states.filter((state) => state.api === api);
  const others = states.filter((state) => state.api !== api);
  const known = own.filter(isListed);
  const current = known.filter(({ goneSince }) => !goneSince);
  const absent = own.filter((state) => !isListed(state) && !state.goneSince);

  const unfinished = [...others.filter(({ goneSince }) => !goneSince), ...absent].flatMap(
    (from) => {
      const by = current.find(({ folder }) => isSameFolder(folder, from.folder));
      return by ? [{ from, by }] : [];
    },
  );
  const finished = new Set(unfinished.map(({ from }) => from));
  const succeeded = new Set(unfinished.map(({ by }) => by));
  const isMoved = known.every((state) => succeeded.has(state));

  const currentIds = new Set(current.map(({ folder }) => folder.id));
  const free = listed.filter(({ id }) => !currentIds.has(id));
  const former = [...others, ...isMoved ? absent : []].filter((state) => !finished.has(state));
  return { due: matched(former, free), unfinished };
}

function isSameFolder(a: StateFolder, b: StateFolder): boolean {
  return a.role && b.role ? a.role === b.role : pathOf(a) === pathOf(b);
}

/**
 * Each state and each folder at most once. A folder that is gone is found again by its id alone. Where
 * several have the same role or path, as when one was renamed and another came to its place, any of
 * them may be further than the folder that is there now: it begins anew.
 */
function matched(
  states: readonly FolderSyncState[],
  folders: readonly Folder[],
): readonly Succession[] {
  const found: Succession[] = [];
  const [unmatchedStates, unmatchedFolders] = [new Set(states), new Set(folders)];
  for (const nameOf of [idOf, roleOf, pathOf]) {
    const byName = new Map([...unmatchedFolders].map((folder) => [nameOf(folder), folder]));
    const eligible = [...unmatchedStates].filter((state) => nameOf === idOf || !state.goneSince);
    for (const [name, [from, ...others]] of Map.groupBy(eligible, ({ folder }) => nameOf(folder))) {
      const folder = name === undefined || others.length > 0 ? undefined : byName.get(name);
      if (!from || !folder) continue;
      if (nameOf !== idOf && !isSameFolder(folder, from.folder)) continue;
      found.push({ from, folder });
      unmatchedStates.delete(from);
      unmatchedFolders.delete(folder);
    }
  }
  return found;
}

function idOf({ id }: StateFolder): string {
  return id;
}

function roleOf({ role }: StateFolder): string | undefined {
  return role;
}

function pathOf({ path }: StateFolder): string {
  return JSON.stringify(path);
}
