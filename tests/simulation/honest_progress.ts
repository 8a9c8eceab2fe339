import type { FolderSyncState } from "../../src/core/sync_state.ts";
import type { Item } from "../exchange/items.ts";
import type { SimulatedMailbox } from "../exchange/simulated_mailbox.ts";
import { graphId } from "../graph/graph_ids.ts";

/**
 * What a state claims to be settled and is not; `undefined`: it is honest. It says that whatever came
 * into the folder before `lastSyncedAt` is in the destination, or on the record, as far as it was
 * received before `syncedUntil`, or before the position of the listing that is under way.
 */
export function untruthOf(
  state: FolderSyncState,
  mailbox: SimulatedMailbox,
  isStored: (item: Item) => boolean,
): string | undefined {
  const { folder, lastSyncedAt, skipped } = state;
  const covered = coveredBy(state);
  if (!covered || !lastSyncedAt) return undefined;
  const onRecord = new Set(skipped.map(({ itemId }) => itemId));
  const id = folderIdOf(mailbox, folder.id);
  const missing = (id === undefined ? [] : mailbox.itemsOf(id)).find((item) =>
    isWithin(covered, item.receivedAt) && item.modifiedAt < lastSyncedAt &&
    !item.isPhantom && !item.damage && !namesOf(item).some((name) => onRecord.has(name)) &&
    !isStored(item)
  );
  return missing && `${folder.path.join("/")} is ${state.phase.name} up to ` +
      `${covered.until.toISOString()} without "${missing.subject}" of ` +
      `${missing.receivedAt!.toISOString()}`;
}

interface Covered {
  readonly since?: Date | undefined;
  readonly until: Date;
}

/** The received times of which a state says that they are settled; while it recovers, none. */
function coveredBy({ phase, syncedUntil, goneSince }: FolderSyncState): Covered | undefined {
  if (goneSince) return undefined;
  if (phase.name === "following") return syncedUntil && { until: syncedUntil };
  if (phase.name !== "backfilling") return undefined;
  const until = phase.position?.receivedAt;
  return until && { since: phase.range?.since, until };
}

function isWithin({ since, until }: Covered, receivedAt: Date | undefined): boolean {
  return receivedAt !== undefined && receivedAt < until && (!since || receivedAt >= since);
}

/** A folder that is gone in the meantime has nothing to be missed. */
function folderIdOf(mailbox: SimulatedMailbox, shownId: string): string | undefined {
  const root = mailbox.distinguishedFolder("msgfolderroot");
  const found = mailbox.descendantsOf(root.id)
    .find(({ id }) => id === shownId || graphId(id) === shownId);
  return found?.id;
}

/** The ids under which an item may be on the record. */
function namesOf({ id, immutableId }: Item): readonly string[] {
  return [id, graphId(immutableId)];
}
