import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { addCounts, type DeliveryCounts, NO_COUNTS, settledOf } from "../core/observer.ts";
import type { ChangePage, FolderOf, ListPage } from "../core/ports.ts";
import {
  advanceBackfill,
  advanceChanges,
  advanceDrain,
  firstSight,
  type FolderSyncState,
  isBehind,
  restartBackfill,
} from "../core/sync_state.ts";
import { deliver, type Delivery } from "./delivery.ts";
import type { FolderStates } from "./folder_states.ts";
import { throwIfStopping } from "./stop.ts";

export interface FolderPass extends Delivery {
  readonly states: FolderStates;
  /** Items taken from one folder per round (`emails_per_folder`). */
  readonly itemsMax: number;
  /** Hash of the settings that decide what is synced. */
  readonly fingerprint: string;
  /** The server's time when the round began. */
  readonly startedAt: Date;
}

export interface PassResult {
  readonly counts: DeliveryCounts;
  /** More waits in the folder than this pass could take. */
  readonly backlog: boolean;
}

/**
 * One bounded pass over one folder (spec section 5, "How a folder is followed"): take a change token
 * first, then changes after it, then backfill in order of receipt; each page is settled, then
 * committed.
 *
 * @throws SyncError; kind `folder` where only this folder cannot be synced.
 */
export async function passFolder(pass: FolderPass, at: FolderOf): Promise<PassResult> {
  try {
    return await pages(pass, at);
  } catch (error) {
    if (!(error instanceof SyncError) || error.code !== "SyncStateInvalid") throw error;
    const state = pass.states.of(at.folder);
    if (!state) throw error;
    pass.env.log.warn("Exchange no longer accepts a folder's token; it is taken anew.", {
      mailbox: at.mailbox.address,
      folder: at.folder.path,
    });
    const { skipped, syncedUntil } = state;
    const anew = { ...firstSight(at.folder, pass.fingerprint), skipped };
    await pass.states.commit(syncedUntil ? { ...anew, syncedUntil } : anew, signalOf(pass));
    return await pages(pass, at);
  }
}

async function pages(pass: FolderPass, at: FolderOf): Promise<PassResult> {
  const known = await currentState(pass, at);
  const drained = known.phase.name === "draining" ? await drain(pass, at, known) : known;
  const followed = known.phase.name === "draining"
    ? { state: drained, counts: NO_COUNTS, taken: 0, backlog: false }
    : await followChanges(pass, at, drained);
  if (followed.backlog || !isBehind(followed.state)) return followed;
  const filled = await backfill(pass, at, followed.state, pass.itemsMax - followed.taken);
  return { ...filled, counts: addCounts(followed.counts, filled.counts) };
}

/** The stored state under the folder's current path and the current settings. */
async function currentState(pass: FolderPass, at: FolderOf): Promise<FolderSyncState> {
  const { folder } = at;
  const stored = pass.states.of(folder);
  if (!stored) return firstSight(folder, pass.fingerprint);
  const state = { ...stored, folder: { id: folder.id, path: folder.path } };
  if (state.fingerprint === pass.fingerprint) return state;
  pass.env.log.info("Settings changed; the folder is listed again, nothing stored is refetched.", {
    mailbox: at.mailbox.address,
    folder: folder.path,
  });
  const restarted = restartBackfill(state, pass.fingerprint);
  await pass.states.commit(restarted, signalOf(pass));
  return restarted;
}

/** First sight: makes the token current with ids only. Fetches and settles nothing. */
async function drain(
  pass: FolderPass,
  at: FolderOf,
  initial: FolderSyncState,
): Promise<FolderSyncState> {
  let state = initial;
  while (state.phase.name === "draining") {
    throwIfStopping(pass.stop);
    const page = await pass.source.changes(at, {
      ...signalOf(pass),
      token: state.phase.token,
      limit: LIMITS.syncPageChangesMax,
    });
    state = advanceDrain(state, page);
    await pass.states.commit(state, signalOf(pass));
  }
  return state;
}

async function followChanges(
  pass: FolderPass,
  at: FolderOf,
  initial: FolderSyncState,
): Promise<PassResult & { state: FolderSyncState; taken: number }> {
  let state = initial;
  let counts = NO_COUNTS;
  let taken = 0;
  for (;;) {
    throwIfStopping(pass.stop);
    if (state.phase.name === "draining") throw new TypeError("A draining folder has no changes");
    const page = await pass.source.changes(at, {
      ...signalOf(pass),
      token: state.phase.token,
      limit: Math.min(LIMITS.syncPageChangesMax, pass.itemsMax - taken),
    });
    const settlement = await deliver(pass, at, arrivals(page));
    counts = addCounts(counts, settlement.counts);
    taken += settledOf(settlement.counts);
    const next = advanceChanges(state, page, settledNow(pass, settlement), pass.startedAt);
    if (page.changes.length > 0) await pass.states.commit(next, signalOf(pass));
    else await pass.states.note(next, signalOf(pass));
    state = next;
    if (page.complete) return { state, counts, taken, backlog: false };
    if (taken >= pass.itemsMax) return { state, counts, taken, backlog: true };
  }
}

/** Items that came into the folder. Changes of items already delivered are ignored. */
function arrivals(page: ChangePage): readonly string[] {
  return page.changes.filter(({ kind }) => kind === "create").map(({ itemId }) => itemId);
}

/** Lists ahead by one page while the one before is delivered; commits in order. */
async function backfill(
  pass: FolderPass,
  at: FolderOf,
  initial: FolderSyncState,
  itemsMax: number,
): Promise<PassResult> {
  let state = initial;
  let counts = NO_COUNTS;
  let remaining = itemsMax;
  let listing = remaining > 0 ? listAfter(pass, at, state, remaining) : undefined;
  while (listing) {
    const page = await listing;
    remaining -= page.itemIds.length;
    const listed = advanceBackfill(state, page, settledNow(pass, { skipped: [] }), pass.startedAt);
    const ahead = isBehind(listed) && remaining > 0
      ? listAfter(pass, at, listed, remaining)
      : undefined;
    // Its failure is met where it is awaited; until then it must not count as unhandled.
    ahead?.catch(() => undefined);
    const settlement = await deliver(pass, at, page.itemIds);
    counts = addCounts(counts, settlement.counts);
    state = advanceBackfill(state, page, settledNow(pass, settlement), pass.startedAt);
    await pass.states.commit(state, signalOf(pass));
    listing = ahead;
  }
  return { counts, backlog: isBehind(state) };
}

function listAfter(
  pass: FolderPass,
  at: FolderOf,
  state: FolderSyncState,
  remaining: number,
): Promise<ListPage> {
  throwIfStopping(pass.stop);
  return pass.source.list(at, {
    ...signalOf(pass),
    position: state.phase.name === "backfilling" ? state.phase.position : undefined,
    since: at.mailbox.startTimestamp,
    limit: Math.min(LIMITS.listPageItemsMax, remaining),
  });
}

function settledNow(pass: FolderPass, settlement: Pick<FolderSyncState, "skipped">) {
  return { skipped: settlement.skipped, now: pass.env.clock.now() };
}

function signalOf({ stop }: FolderPass) {
  return { signal: stop.aborted };
}
