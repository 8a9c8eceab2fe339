import { assert, SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Change, ChangePage, FolderOf } from "../core/ports.ts";
import { advanceChanges } from "../core/sync_state.ts";
import type { FolderPass } from "./folder_pass.ts";
import { listedPages } from "./listed_pages.ts";
import type { PassProgress } from "./pass_progress.ts";
import { throwIfStopping } from "./stop.ts";

/**
 * Settles what changed in a folder since its token: what came into it, and what was received within
 * the last hour and changed where it lies, for its attachments may have been exchanged by a scanner
 * (spec section 3). Where the source cannot tell the two apart, what this process remembers does.
 *  Resolves to false if more waits than the pass may take.
 */
export async function followChanges(
  pass: FolderPass,
  at: FolderOf,
  progress: PassProgress,
): Promise<boolean> {
  while (progress.remaining > 0) {
    throwIfStopping(pass.stop);
    const { phase } = progress.state;
    assert(phase.name !== "draining", "a draining folder has no changes");
    const page = await pass.source.changes(at, {
      ...progress.signal,
      token: phase.token,
      limit: Math.min(LIMITS.syncPageChangesMax, progress.remaining),
    });
    if (!await settleChanges(pass, at, progress, page)) return false;
    if (page.complete) return true;
  }
  return false;
}

/** Resolves to false if the page is not committed. */
async function settleChanges(
  pass: FolderPass,
  at: FolderOf,
  progress: PassProgress,
  page: ChangePage,
): Promise<boolean> {
  const { state } = progress;
  if (page.changes.length === 0) {
    const nothing = { itemIds: [], skipped: [] };
    await progress.note(advanceChanges(state, page, nothing, pass.startedAt));
    return true;
  }
  const deleted = itemsOf(page, "delete");
  pass.vanished.noteDeleted(at.folder.id, deleted);
  pass.settled.forget(at, deleted);
  const { known = [], unknown = [] } = Object.groupBy(
    itemsOf(page, "createOrUpdate"),
    (itemId) => pass.settled.has(at, itemId) ? "known" : "unknown",
  );
  const changed = await receivedLately(pass, at, [...itemsOf(page, "update"), ...known]);
  return await progress.settle(
    [
      { itemIds: itemsOf(page, "create"), options: { urgent: true } },
      // It may have changed alone: what is stored of it here stays as it is.
      { itemIds: unknown, options: { urgent: true, rewrite: "moved" } },
      { itemIds: changed, options: { urgent: true, rewrite: "never" } },
    ],
    ({ itemIds, skipped }) => {
      const settled = { itemIds: [...itemIds, ...deleted], skipped };
      return advanceChanges(state, page, settled, pass.startedAt);
    },
  );
}

function itemsOf(page: ChangePage, kind: Change["kind"]): readonly string[] {
  return page.changes.filter((change) => change.kind === kind).map(({ itemId }) => itemId);
}

/** Those of `itemIds` that were received within the last hour; all where the server cannot tell. */
async function receivedLately(
  pass: FolderPass,
  at: FolderOf,
  itemIds: readonly string[],
): Promise<readonly string[]> {
  if (itemIds.length === 0) return [];
  try {
    const since = new Date(pass.startedAt.getTime() - LIMITS.volatileMs);
    const lately = new Set<string>();
    for await (const page of listedPages(pass, at, { since })) {
      for (const itemId of page) lately.add(itemId);
    }
    return itemIds.filter((itemId) => lately.has(itemId));
  } catch (error) {
    if (error instanceof SyncError && error.code === "ListingUnavailable") return itemIds;
    throw error;
  }
}
