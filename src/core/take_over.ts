import { laterOf } from "./later_of.ts";
import type { Folder } from "./mailbox.ts";
import { mergedSkips, type SkippedItem } from "./skipped_item.ts";
import { type FolderSyncState, recoverToken, type SourceApi, stateFolderOf } from "./sync_state.ts";

/** A listed folder as a source of `api` shows it, and the state it had there before, if any. */
export interface Successor {
  readonly api: SourceApi;
  readonly folder: Folder;
  readonly before?: FolderSyncState | undefined;
}

/**
 * The state with which a folder goes on where `from` stopped: the same folder under other ids, as
 * after a mailbox was moved between servers or is read through another api (spec section 5, rule 8).
 * Tokens and item ids mean nothing there: it goes on by the dates, and what was skipped is sought.
 */
export function takeOver(
  from: FolderSyncState,
  { api, folder, before }: Successor,
): FolderSyncState {
  const { goneSince: _, ...state } = recoverToken(from);
  const syncedUntil = laterOf(state.syncedUntil, before?.syncedUntil);
  const successor: FolderSyncState = {
    ...state,
    api,
    folder: stateFolderOf(folder),
    ...(syncedUntil ? { syncedUntil } : {}),
    skipped: before?.skipped ?? [],
  };
  return inheritSkipped(successor, from);
}

/**
 * The state of a folder that has taken over from another, with all that was skipped there. Something
 * without a received time can be met again only where everything is listed.
 */
export function inheritSkipped(
  state: FolderSyncState,
  { skipped }: FolderSyncState,
): FolderSyncState {
  const known = new Set(state.skipped.map(({ itemId }) => itemId));
  const inherited = skipped
    .filter(({ itemId }) => !known.has(itemId))
    .map((skip): SkippedItem => ({ ...skip, sought: true }));
  if (inherited.length === 0) return state;
  const after = { ...state, skipped: [...state.skipped, ...inherited] };
  if (inherited.every(({ receivedAt }) => receivedAt)) return after;
  return { ...after, phase: { name: "draining" } };
}

/** A skipped item that was sought, and the items that may be it; none: it is gone. */
export interface FoundSkip {
  readonly skip: SkippedItem;
  readonly itemIds: readonly string[];
}

/** Puts what was found on the record in place of what was sought, to be tried again at once. */
export function foundAgain(state: FolderSyncState, found: readonly FoundSkip[]): FolderSyncState {
  const sought = new Set(found.map(({ skip }) => skip.itemId));
  const record = new Map(
    state.skipped.filter(({ itemId }) => !sought.has(itemId)).map((skip) => [skip.itemId, skip]),
  );
  for (const { skip: { sought: _, ...skip }, itemIds } of found) {
    for (const itemId of itemIds) {
      record.set(itemId, mergedSkips({ ...skip, itemId }, record.get(itemId)));
    }
  }
  return { ...state, skipped: [...record.values()] };
}
