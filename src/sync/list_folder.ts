import { assert, SyncError } from "../core/errors.ts";
import { laterOf } from "../core/later_of.ts";
import type { FolderOf, ListPage } from "../core/ports.ts";
import {
  advanceBackfill,
  advanceRecovery,
  beginSweep,
  type FolderPhase,
  type FolderSyncState,
  isBehind,
  type Settlement,
} from "../core/sync_state.ts";
import type { FolderPass } from "./folder_pass.ts";
import type { PassProgress } from "./pass_progress.ts";
import { throwIfStopping } from "./stop.ts";
import { sweepFolder } from "./sweep_folder.ts";

/**
 * Settles what a folder holds already, oldest first: all of it, or the part its state names. Where
 * the server cannot order the folder, its change list is swept instead. Resolves to false if more
 * is left than the pass may take.
 */
export async function listFolder(
  pass: FolderPass,
  at: FolderOf,
  progress: PassProgress,
): Promise<boolean> {
  if (progress.state.phase.name === "sweeping") return await sweepFolder(pass, at, progress);
  try {
    return await listPages(pass, at, progress);
  } catch (error) {
    if (!(error instanceof SyncError) || error.code !== "ListingUnavailable") throw error;
    pass.env.log.warn("Exchange cannot list a folder by time; its change list is used instead.", {
      mailbox: at.mailbox.address,
      folder: at.folder.path,
      reason: error.message,
    });
    await progress.moveTo(beginSweep(progress.state));
    return await sweepFolder(pass, at, progress);
  }
}

/** Lists ahead by one page while the one before is delivered; commits in order. */
async function listPages(
  pass: FolderPass,
  at: FolderOf,
  progress: PassProgress,
): Promise<boolean> {
  let listing = listNext(pass, at, progress.state, progress.remaining);
  while (listing) {
    const page = await listing;
    const { state } = progress;
    const after = (settlement: Settlement) =>
      advanceListing(state, page, settlement, pass.startedAt);
    const ahead = listNext(
      pass,
      at,
      after({ itemIds: [], skipped: [] }),
      progress.remaining - page.itemIds.length,
    );
    // Its failure is met where it is awaited; until then it must not count as unhandled.
    ahead?.catch(() => undefined);
    const isCommitted = await pass.backfills.run(
      () => settlePage(pass, progress, page, after),
      progress.signal,
    );
    if (!isCommitted) return false;
    listing = ahead;
  }
  return !isBehind(progress.state);
}

/** Resolves to false if the page is not committed. */
async function settlePage(
  { pageSize, env }: FolderPass,
  progress: PassProgress,
  { itemIds }: ListPage,
  after: (settlement: Settlement) => FolderSyncState,
): Promise<boolean> {
  const startedMs = env.clock.monotonicMs();
  const isCommitted = await progress.settle([{ itemIds }], after);
  if (isCommitted) pageSize.settled(itemIds.length, env.clock.monotonicMs() - startedMs);
  return isCommitted;
}

function advanceListing(
  state: FolderSyncState,
  page: ListPage,
  settlement: Settlement,
  passStartedAt: Date,
): FolderSyncState {
  return state.phase.name === "recovering"
    ? advanceRecovery(state, page, settlement)
    : advanceBackfill(state, page, settlement, passStartedAt);
}

/** `undefined`: nothing is left to list, or nothing more may be taken. */
function listNext(
  pass: FolderPass,
  at: FolderOf,
  { phase }: FolderSyncState,
  remaining: number,
): Promise<ListPage> | undefined {
  if (phase.name === "following" || remaining <= 0) return undefined;
  throwIfStopping(pass.stop);
  return pass.source.list(at, {
    signal: pass.stop.aborted,
    limit: Math.min(pass.pageSize.items, remaining),
    ...partOf(phase, at.mailbox.startTimestamp),
  });
}

function partOf(phase: FolderPhase, startTimestamp: Date | undefined) {
  assert(phase.name === "recovering" || phase.name === "backfilling", "the folder is to be listed");
  const { position } = phase;
  if (phase.name === "recovering") {
    return { order: "modified", since: phase.modifiedSince, until: undefined, position } as const;
  }
  const { since, until } = phase.range ?? {};
  return { order: "received", since: laterOf(since, startTimestamp), until, position } as const;
}
