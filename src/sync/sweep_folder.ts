import { LIMITS } from "../core/limits.ts";
import type { FolderOf } from "../core/ports.ts";
import { advanceSweep } from "../core/sync_state.ts";
import type { FolderPass } from "./folder_pass.ts";
import type { PassProgress } from "./pass_progress.ts";
import { throwIfStopping } from "./stop.ts";

/**
 * Settles what a folder holds in the order of its change list, from the beginning, where the server
 * cannot order it by time. Resolves to false if more is left than the pass may take.
 */
export async function sweepFolder(
  pass: FolderPass,
  at: FolderOf,
  progress: PassProgress,
): Promise<boolean> {
  while (progress.remaining > 0) {
    throwIfStopping(pass.stop);
    const { state } = progress;
    if (state.phase.name !== "sweeping") return true;
    const page = await pass.source.changes(at, {
      ...progress.signal,
      token: state.phase.sweepToken,
      limit: Math.min(LIMITS.syncPageChangesMax, progress.remaining),
    });
    const itemIds = page.changes
      .filter(({ kind }) => kind === "create" || kind === "createOrUpdate")
      .map(({ itemId }) => itemId);
    const isCommitted = await pass.backfills.run(
      () => progress.settle([{ itemIds }], (settlement) => advanceSweep(state, page, settlement)),
      progress.signal,
    );
    if (!isCommitted) return false;
  }
  return progress.state.phase.name !== "sweeping";
}
