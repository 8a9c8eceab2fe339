import { assert, SyncError } from "../core/errors.ts";
import type { FolderOf } from "../core/ports.ts";
import { nextTryAt } from "../core/skipped_item.ts";
import { firstSight, type FolderSyncState, isBehind, recoverToken } from "../core/sync_state.ts";
import { chunksOf } from "./batches.ts";
import { drainFolder } from "./drain_folder.ts";
import type { FolderPass, PassResult } from "./folder_pass.ts";
import { followChanges } from "./follow_changes.ts";
import { listFolder } from "./list_folder.ts";
import { PassProgress } from "./pass_progress.ts";
import { seekSkipped } from "./seek_skipped.ts";

/** Skipped items that are tried again before what came of it is made durable. */
const TRIED_AGAIN_TOGETHER = 100;

/**
 * One bounded pass over one folder (spec section 5, "How a folder is followed"): take a change token
 * first, then changes after it, then older mail in order of receipt; each page is settled, then
 * committed.
 *
 * @throws SyncError; kind `folder` where only this folder cannot be synced.
 */
export async function passFolder(pass: FolderPass, at: FolderOf): Promise<PassResult> {
  const progress = new PassProgress(pass, at, currentState(pass, at));
  try {
    return await steps(pass, at, progress);
  } catch (error) {
    if (!(error instanceof SyncError) || error.code !== "SyncStateInvalid") throw error;
    pass.env.log.warn("Exchange no longer accepts a folder's token; it is taken anew.", {
      mailbox: at.mailbox.address,
      folder: at.folder.path,
    });
    await progress.moveTo(recoverToken(progress.state));
    return await steps(pass, at, progress);
  }
}

/** The stored state; it has the folder's current path (`keepStates`). */
function currentState(
  { states, source: { api }, fingerprint }: FolderPass,
  { folder }: FolderOf,
): FolderSyncState {
  const stored = states.of(folder);
  if (!stored) return firstSight(folder, { api, fingerprint });
  assert(stored.api === api, "states of the other api are taken over before");
  return stored;
}

async function steps(pass: FolderPass, at: FolderOf, progress: PassProgress): Promise<PassResult> {
  const isSeeking = await seekSkipped(pass, at, progress);
  await trySkippedAgain(pass, progress);
  if (progress.state.phase.name === "draining") await drainFolder(pass, at, progress);
  else if (!await followChanges(pass, at, progress)) return progress.result(true);
  const isListed = !isBehind(progress.state) || await listFolder(pass, at, progress);
  return progress.result(isSeeking || !isListed);
}

async function trySkippedAgain(pass: FolderPass, progress: PassProgress): Promise<void> {
  const now = pass.env.clock.now();
  const due = progress.state.skipped.filter((skip) => {
    const at = nextTryAt(skip);
    return !skip.sought && (pass.retrySkipped || (at !== undefined && at <= now));
  });
  for (const chunk of chunksOf(due.map(({ itemId }) => itemId), TRIED_AGAIN_TOGETHER)) {
    await progress.tryAgain(chunk);
  }
}
