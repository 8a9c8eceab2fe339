import { assert } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { FolderOf } from "../core/ports.ts";
import { advanceDrain } from "../core/sync_state.ts";
import type { FolderPass } from "./folder_pass.ts";
import type { PassProgress } from "./pass_progress.ts";
import { throwIfStopping } from "./stop.ts";

/**
 * Makes the token of a draining folder current, with ids only. Fetches and settles nothing, so that
 * it takes none of what the pass may take.
 */
export async function drainFolder(
  pass: FolderPass,
  at: FolderOf,
  progress: PassProgress,
): Promise<void> {
  for (;;) {
    throwIfStopping(pass.stop);
    const { phase } = progress.state;
    assert(phase.name === "draining", "only a draining folder is drained");
    const page = await pass.source.changes(at, {
      ...progress.signal,
      token: phase.token,
      limit: LIMITS.syncPageChangesMax,
    });
    await progress.moveTo(advanceDrain(progress.state, page, pass.startedAt));
    if (page.complete) return;
  }
}
