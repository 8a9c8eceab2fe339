import { SyncError, syncErrorOf } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Folder, Mailbox } from "../core/mailbox.ts";
import { addCounts, type DeliveryCounts, NO_COUNTS, settledOf } from "../core/observer.ts";
import { mapBounded } from "../core/map_bounded.ts";
import { deliver } from "./deliver.ts";
import type { FolderPass, PassResult } from "./folder_pass.ts";
import { isFolderSelected } from "./folder_selection.ts";
import { keepStates } from "./keep_states.ts";
import { passFolder } from "./pass_folder.ts";
import type { QuietFolders } from "./quiet_folders.ts";
import { StopBegun } from "./stop.ts";
import type { UnmatchedLists } from "./unmatched_lists.ts";

/** What the rounds of one mailbox need. */
export interface Round extends Omit<FolderPass, "startedAt"> {
  readonly unmatchedLists: UnmatchedLists;
  readonly quiet: QuietFolders;
}

export interface RoundResult {
  readonly counts: DeliveryCounts;
  /** At least one folder has more than this round could take. */
  readonly backlog: boolean;
  /** Folders that could not be passed over; each failure names its folder. */
  readonly failures: readonly SyncError[];
}

const NOTHING: RoundResult = { counts: NO_COUNTS, backlog: false, failures: [] };

/**
 * One round over the folders of a mailbox, so that all advance evenly; those that are quiet have no
 * turn. What fails in one folder does not keep the others from theirs.
 *
 * @throws SyncError whose radius is more than a folder's; `StopBegun`.
 */
export async function runRound(round: Round, mailbox: Mailbox): Promise<RoundResult> {
  const { source, observer, stop } = round;
  const { folders, serverTime } = await source.folders(mailbox, { signal: stop.aborted });
  const pass = { ...round, startedAt: earlierOf(serverTime, round.env.clock.now()) };
  const selected = folders.filter(({ path }) => isFolderSelected(path, mailbox.folders));
  observer.roundStarted(mailbox, selected);
  round.unmatchedLists.report(mailbox, folders);
  await keepStates(pass, mailbox, folders, selected);
  await deliverRun(pass, mailbox, selected);
  const due = round.quiet.takeDue(selected, round.states);
  observer.foldersLeftAlone(mailbox, selected.length - due.length);
  const results = await mapBounded(
    due,
    LIMITS.foldersInFlight,
    (folder) => passOf(pass, mailbox, folder),
  );
  // Every folder had its turn and the mailbox was not suspended: it is the emails that are at fault.
  for (const { heldCommit } of results) await heldCommit?.();
  return results.map(({ round }) => round).reduce(merge, NOTHING);
}

/**
 * What is settled is vouched for up to then, also should the token be lost. A clock that is ahead would
 * have it vouch for mail that is still to come; one that is behind only has more looked at again.
 */
function earlierOf(serverTime: Date, ours: Date): Date {
  return serverTime <= ours ? serverTime : ours;
}

/** What suspended the mailbox is tried first; a page recognises later what is delivered by this. */
async function deliverRun(
  pass: FolderPass,
  mailbox: Mailbox,
  folders: readonly Folder[],
): Promise<void> {
  const run = pass.guard.takeRun();
  for (const folder of folders) {
    const itemIds = run.filter(({ folderId }) => folderId === folder.id).map((item) => item.itemId);
    if (itemIds.length > 0) await deliver(pass, { mailbox, folder }, itemIds);
  }
}

interface PassOutcome extends Pick<PassResult, "heldCommit"> {
  readonly round: RoundResult;
}

async function passOf(
  pass: Round & FolderPass,
  mailbox: Mailbox,
  folder: Folder,
): Promise<PassOutcome> {
  try {
    const { heldCommit, ...result } = await passFolder(pass, { mailbox, folder });
    report(pass, mailbox, folder, result);
    const state = pass.states.of(folder);
    if (state && !result.backlog && !heldCommit) pass.quiet.note(state, folder.changeMark);
    const round = { ...result, failures: [] };
    return heldCommit ? { round, heldCommit } : { round };
  } catch (thrown) {
    if (thrown instanceof StopBegun || pass.stop.aborted.aborted) throw thrown;
    const error = syncErrorOf(thrown).in({ mailbox: mailbox.address, folder: folder.path });
    // Deleted or moved out of sight between the listing and its turn: the next listing tells.
    if (error.code === "FolderGone") return { round: NOTHING };
    if (error.kind !== "folder" && error.kind !== "retryable") throw error;
    pass.observer.passFailed(mailbox, folder, error);
    return { round: { ...NOTHING, failures: [error] } };
  }
}

function report(pass: FolderPass, mailbox: Mailbox, folder: Folder, result: PassResult): void {
  const { counts, backlog } = result;
  pass.observer.passEnded(mailbox, folder, backlog);
  if (settledOf(counts) === 0) return;
  pass.env.log.debug("Folder pass finished.", {
    mailbox: mailbox.address,
    folder: folder.path,
    ...counts,
    backlog,
  });
}

function merge(a: RoundResult, b: RoundResult): RoundResult {
  return {
    counts: addCounts(a.counts, b.counts),
    backlog: a.backlog || b.backlog,
    failures: [...a.failures, ...b.failures],
  };
}
