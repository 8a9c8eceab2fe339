import { SyncError, syncErrorOf } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Folder, Mailbox } from "../core/mailbox.ts";
import { addCounts, type DeliveryCounts, NO_COUNTS } from "../core/observer.ts";
import { mapBounded } from "../core/map_bounded.ts";
import { type FolderPass, passFolder, type PassResult } from "./folder_pass.ts";
import { StopBegun } from "./stop.ts";

export type Round = Omit<FolderPass, "startedAt">;

export interface RoundResult {
  readonly counts: DeliveryCounts;
  /** At least one folder has more than this round could take. */
  readonly backlog: boolean;
  /** Folders that could not be passed over; each failure names its folder. */
  readonly failures: readonly SyncError[];
}

/**
 * One round over the folders of a mailbox, so that all advance evenly. What fails in one folder does
 * not keep the others from their turn.
 *
 * @throws SyncError whose radius is more than a folder's; `StopBegun`.
 */
export async function runRound(round: Round, mailbox: Mailbox): Promise<RoundResult> {
  const { source, observer, stop } = round;
  const { folders, serverTime } = await source.folders(mailbox, { signal: stop.aborted });
  observer.roundStarted(mailbox, folders);
  const results = await mapBounded(
    folders,
    LIMITS.foldersInFlight,
    (folder) => passOf({ ...round, startedAt: serverTime }, mailbox, folder),
  );
  return results.reduce(merge, { counts: NO_COUNTS, backlog: false, failures: [] });
}

async function passOf(pass: FolderPass, mailbox: Mailbox, folder: Folder): Promise<RoundResult> {
  try {
    const result = await passFolder(pass, { mailbox, folder });
    report(pass, mailbox, folder, result);
    return { ...result, failures: [] };
  } catch (thrown) {
    if (thrown instanceof StopBegun || pass.stop.aborted.aborted) throw thrown;
    const error = syncErrorOf(thrown).in({ mailbox: mailbox.address, folder: folder.path });
    if (error.code === "FolderGone") return goneFolder(pass, mailbox, folder);
    if (error.kind !== "folder" && error.kind !== "retryable") throw error;
    return { counts: NO_COUNTS, backlog: false, failures: [error] };
  }
}

function report(pass: FolderPass, mailbox: Mailbox, folder: Folder, result: PassResult): void {
  const { delivered, alreadyStored, skipped, vanished, ignored, bytes } = result.counts;
  pass.observer.passEnded(mailbox, folder, result.backlog);
  if (delivered + alreadyStored + skipped + vanished + ignored === 0) return;
  pass.env.log.debug("Folder pass finished.", {
    mailbox: mailbox.address,
    folder: folder.path,
    delivered,
    alreadyStored,
    skipped,
    vanished,
    ignored,
    bytes,
    backlog: result.backlog,
  });
}

/** Deleted or moved out of sight between the listing and its turn: the next listing tells. */
function goneFolder(pass: FolderPass, mailbox: Mailbox, folder: Folder): RoundResult {
  pass.env.log.info("Folder is gone.", { mailbox: mailbox.address, folder: folder.path });
  return { counts: NO_COUNTS, backlog: false, failures: [] };
}

function merge(a: RoundResult, b: RoundResult): RoundResult {
  return {
    counts: addCounts(a.counts, b.counts),
    backlog: a.backlog || b.backlog,
    failures: [...a.failures, ...b.failures],
  };
}
