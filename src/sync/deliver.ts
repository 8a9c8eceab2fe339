import {
  type EmailRecord,
  emailRecordOf,
  type ItemDescription,
  needsHeaderForId,
} from "../core/email.ts";
import { assert } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { mapBounded } from "../core/map_bounded.ts";
import { settledOf } from "../core/observer.ts";
import type { FolderOf } from "../core/ports.ts";
import { batchesOf, chunksOf } from "./batches.ts";
import { deliverBatch, giveUp } from "./deliver_batch.ts";
import type { Delivery, DeliveryOptions } from "./delivery.ts";
import { isFiltered, isWanted } from "./is_wanted.ts";
import { counted, mergeSettlements, NOTHING_SETTLED, type Settlement } from "./settlement.ts";
import { throwIfStopping } from "./stop.ts";

/**
 * Settles items of one folder: each is stored in the sink, recognised as stored, found not to be an
 * email to sync, gone, or given up for now. Resolves only when all are; rejects when nothing can be
 * said about some of them, so that the page they came with is not committed.
 *
 * @throws SyncError of any kind but `item`; `StopBegun` when a stop leaves items unsettled.
 */
export async function deliver(
  delivery: Delivery,
  at: FolderOf,
  itemIds: readonly string[],
  options: DeliveryOptions = {},
): Promise<Settlement> {
  const chunks = chunksOf([...new Set(itemIds)], delivery.batchSize);
  const settlements = await mapBounded(
    chunks,
    LIMITS.batchesInFlight,
    (chunk) => deliverChunk(delivery, at, chunk, options),
  );
  return mergeSettlements(...settlements);
}

async function deliverChunk(
  delivery: Delivery,
  at: FolderOf,
  itemIds: readonly string[],
  options: DeliveryOptions,
): Promise<Settlement> {
  throwIfStopping(delivery.stop);
  const { items, settlement: undescribed } = await describe(delivery, at, itemIds, options);
  const { missing, alreadyStored, standIns } = await recognise(delivery, at, items, options);
  let total = mergeSettlements(undescribed, counted({ alreadyStored }));
  delivery.observer.settled(at.mailbox, at.folder, total.counts);
  for (const batch of batchesOf(missing)) {
    const settlement = await deliverBatch(delivery, at, batch, { ...options, standIns });
    delivery.observer.settled(at.mailbox, at.folder, settlement.counts);
    total = mergeSettlements(total, settlement);
  }
  assert(settledOf(total.counts) === itemIds.length, "every item of a page is settled once");
  return total;
}

/** Sorts out what is no email to sync, what is gone and what cannot even be described. */
async function describe(
  delivery: Delivery,
  at: FolderOf,
  itemIds: readonly string[],
  options: DeliveryOptions,
): Promise<{ items: ItemDescription[]; settlement: Settlement }> {
  const { source, stop } = delivery;
  const items: ItemDescription[] = [];
  const settlements = [NOTHING_SETTLED];
  for (const outcome of await source.describe(at, itemIds, { signal: stop.aborted })) {
    if ("error" in outcome) settlements.push(giveUp(delivery, at, outcome, options));
    else if (!isWanted(outcome.item, at.mailbox.startTimestamp)) {
      settlements.push(counted({ ignored: 1 }));
    } else if (isFiltered(outcome.item, delivery.filter)) {
      settlements.push(counted({ filtered: 1 }));
    } else items.push(outcome.item);
  }
  return { items, settlement: mergeSettlements(...settlements) };
}

interface Recognised {
  readonly missing: readonly ItemDescription[];
  readonly alreadyStored: number;
  /** Those of the missing of which the sink has what could be rebuilt, by item id. */
  readonly standIns: ReadonlySet<string>;
}

/** Tells what the sink has already, so that no stored content is fetched again. */
async function recognise(
  { sink, stop, startedAt }: Delivery,
  at: FolderOf,
  items: readonly ItemDescription[],
  { rewrite = "always", anew, again }: DeliveryOptions,
): Promise<Recognised> {
  const records = new Map<ItemDescription, EmailRecord>();
  for (const item of items) {
    // Of a rebuilt one, it is the original that is wanted.
    if (anew || !canTellKey(item) || again?.get(item.itemId)?.rebuilt) continue;
    records.set(item, emailRecordOf(at.mailbox, at.folder, item));
  }
  if (records.size === 0) return { missing: items, alreadyStored: 0, standIns: new Set() };
  const { complete, rebuilt } = await sink.refresh([...records.values()], {
    signal: stop.aborted,
    volatileSince: new Date(startedAt.getTime() - LIMITS.volatileMs),
    rewrite,
  });
  const isIn = (keys: ReadonlySet<string>) => (item: ItemDescription) =>
    keys.has(records.get(item)?.key ?? "");
  const missing = items.filter((item) => !isIn(complete)(item));
  const standIns = new Set(items.filter(isIn(rebuilt)).map(({ itemId }) => itemId));
  return { missing, alreadyStored: items.length - missing.length, standIns };
}

/**
 * Whether the key of an email is known without its header. Without a Message-ID property it is the
 * search key's if the header has no Message-ID either; if it has one, the email is not recognised.
 */
function canTellKey(item: ItemDescription): boolean {
  return !needsHeaderForId(item) || item.searchKey !== undefined;
}
