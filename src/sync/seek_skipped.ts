import { SyncError } from "../core/errors.ts";
import type { DescribeOutcome, FolderOf } from "../core/ports.ts";
import type { SkippedItem } from "../core/skipped_item.ts";
import { beginSweep } from "../core/sync_state.ts";
import { foundAgain, type FoundSkip } from "../core/take_over.ts";
import type { FolderPass } from "./folder_pass.ts";
import { listedPages } from "./listed_pages.ts";
import type { PassProgress } from "./pass_progress.ts";
import { throwIfStopping } from "./stop.ts";

/** Skipped emails that a pass seeks: each costs a listing or two, and new mail waits meanwhile. */
const SOUGHT_PER_PASS = 100;
/** Listings show whole seconds. */
const LISTED_MS = 1_000;

/**
 * Finds emails again that were skipped under item ids which mean nothing any more, and tries them
 * once more: each lies at its received time, if the folder still holds it. What is found goes on the
 * record, or leaves it, when it was tried, and not before: a kill repeats the search. Resolves to
 * whether more are to be sought by the next pass.
 */
export async function seekSkipped(
  pass: FolderPass,
  at: FolderOf,
  progress: PassProgress,
): Promise<boolean> {
  const sought = progress.state.skipped.filter(({ sought, receivedAt }) => sought && receivedAt);
  if (sought.length === 0) return false;
  try {
    const found = await find(pass, at, sought.slice(0, SOUGHT_PER_PASS));
    const itemIds = [...new Set(found.flatMap((one) => one.itemIds))];
    await progress.tryAgain(itemIds, foundAgain(progress.state, found));
    report(pass, at, found);
    return sought.length > SOUGHT_PER_PASS;
  } catch (error) {
    if (!(error instanceof SyncError) || error.code !== "ListingUnavailable") throw error;
    // Whatever lists this folder anyway will sweep it instead, and meet all that is sought.
    if (progress.state.phase.name === "following") {
      await progress.moveTo(beginSweep(progress.state));
    }
    return false;
  }
}

async function find(
  pass: FolderPass,
  at: FolderOf,
  sought: readonly SkippedItem[],
): Promise<readonly FoundSkip[]> {
  const bySecond = Map.groupBy(sought, (skip) => secondOf(skip.receivedAt!));
  const found: FoundSkip[] = [];
  for (const [second, skips] of bySecond) found.push(...await findAt(pass, at, second, skips));
  return found;
}

function secondOf(time: Date): number {
  return Math.floor(time.getTime() / LISTED_MS) * LISTED_MS;
}

async function findAt(
  pass: FolderPass,
  at: FolderOf,
  second: number,
  skips: readonly SkippedItem[],
): Promise<readonly FoundSkip[]> {
  const found = skips.map((skip) => ({ skip, itemIds: [] as string[] }));
  const range = { since: new Date(second), until: new Date(second + LISTED_MS) };
  for await (const itemIds of listedPages(pass, at, range)) {
    throwIfStopping(pass.stop);
    const outcomes = await pass.source.describe(at, itemIds, { signal: pass.stop.aborted });
    for (const outcome of outcomes) {
      for (const one of found) if (mayBe(outcome, one.skip)) one.itemIds.push(outcome.itemId);
    }
  }
  return found;
}

/** Whether an item of that second may be the email: where its id is not known, any may. */
function mayBe(outcome: DescribeOutcome, { id }: SkippedItem): boolean {
  if ("error" in outcome) return outcome.error.code !== "ErrorItemNotFound";
  const messageId = outcome.item.internetMessageId?.trim();
  return !id || !messageId || messageId === id;
}

function report(
  pass: FolderPass,
  { mailbox, folder }: FolderOf,
  found: readonly FoundSkip[],
): void {
  for (const { skip, itemIds } of found) {
    if (itemIds.length > 0) continue;
    pass.env.log.info("Skipped email is no longer in its folder.", {
      mailbox: mailbox.address,
      folder: folder.path,
      id: skip.id,
      receivedAt: skip.receivedAt?.toISOString(),
      code: skip.code,
    });
  }
}
