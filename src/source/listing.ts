import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { ListPage } from "../core/ports.ts";
import type { BackfillPosition } from "../core/sync_state.ts";
import type { FoundItem, ItemOrder, ItemPage, PageRequest } from "./item_page.ts";

/** Asks for one page of a folder. */
export type Find = (request: PageRequest) => Promise<ItemPage>;

export interface ListingRequest {
  readonly order: "received" | "modified";
  /** A position of the same order. */
  readonly position?: BackfillPosition | undefined;
  readonly since?: Date | undefined;
  readonly until?: Date | undefined;
  /** At most this many items, at least 1. */
  readonly limit: number;
}

/**
 * One page of a folder (spec section 5, rules 2 and 5). In the order of receipt, first the items
 * without received time in the order of their creation, then all others by received time, oldest
 * first. The order of modification is one only: every item has that time.
 *
 * It continues by the time of the order, and by offset only among items of one and the same time,
 * where Exchange shows whole seconds. The last settled item is asked for again to see whether that
 * offset still holds; if not, its time is listed anew: items repeat, none is left out.
 */
export async function listItems(find: Find, request: ListingRequest): Promise<ListPage> {
  const { order, position, since, until, limit } = request;
  if (order === "modified" || position?.receivedAt) return await listByTime(find, request);
  const created: ItemOrder = { by: "created", from: since, until };
  const { items, settled, complete } = await itemsAfter(find, created, position, limit);
  const itemIds = items.map(({ itemId }) => itemId);
  if (!complete || itemIds.length >= limit) return { itemIds, next: nextAmong(items, settled) };
  const rest = { ...request, position: undefined, limit: limit - itemIds.length };
  const received = await listByTime(find, rest);
  return { ...received, itemIds: [...itemIds, ...received.itemIds] };
}

async function listByTime(find: Find, request: ListingRequest): Promise<ListPage> {
  const { position, since, until, limit } = request;
  // A later `since` overtakes a position from before the settings changed.
  const start = since && position?.receivedAt && since > position.receivedAt ? undefined : position;
  const order: ItemOrder = { by: request.order, from: start?.receivedAt ?? since, until };
  const { items, settled, complete } = await itemsAfter(find, order, start, limit);
  const itemIds = items.map(({ itemId }) => itemId);
  const next = positionAfter(items, start?.receivedAt, settled);
  const coveredUntil = next?.receivedAt ?? start?.receivedAt;
  return {
    itemIds,
    ...(!complete && next ? { next } : {}),
    ...(coveredUntil ? { coveredUntil } : {}),
  };
}

interface Continuation extends ItemPage {
  /** How many items of the order (or of the position's time) come before these. */
  readonly settled: number;
}

/** The items after a position; from the beginning of its time if that no longer holds. */
async function itemsAfter(
  find: Find,
  order: ItemOrder,
  position: BackfillPosition | undefined,
  limit: number,
): Promise<Continuation> {
  const settled = position?.settledAtThatTime ?? 0;
  if (settled === 0) return { settled, ...await findPage(find, order, 0, limit) };
  const page = await findPage(find, order, settled - 1, limit + 1);
  if (page.items[0]?.itemId !== position?.lastItemId) {
    return { settled: 0, ...await findPage(find, order, 0, limit) };
  }
  const items = page.items.slice(1);
  if (items.length > 0 || page.complete) return { settled, items, complete: page.complete };
  return { settled, ...await findPage(find, order, settled, limit) };
}

/** Pages may be short, but one that is empty and not the last would be asked for for ever. */
async function findPage(
  find: Find,
  order: ItemOrder,
  offset: number,
  limit: number,
): Promise<ItemPage> {
  const limited = Math.min(limit, LIMITS.listPageItemsMax);
  const { items, complete } = await find({ order, offset, limit: limited });
  if (items.length === 0 && !complete) {
    throw new SyncError(
      "retryable",
      "ResponseIncomplete",
      "Exchange answers with an empty page that is not the last",
    );
  }
  return items.length <= limited
    ? { items, complete }
    : { items: items.slice(0, limited), complete: false };
}

/** The position among items without received time. */
function nextAmong(items: readonly FoundItem[], settled: number): BackfillPosition {
  const last = items.at(-1);
  return {
    settledAtThatTime: settled + items.length,
    ...(last ? { lastItemId: last.itemId } : {}),
  };
}

/** FILETIME zero: nothing in Exchange is older. */
const OLDEST = new Date("1601-01-01T00:00:00Z");

/**
 * The position behind `items`, `settled` items of the time `start` being before them. An
 * item that is shown without its time counts at that of the one before it: so does the server.
 */
function positionAfter(
  items: readonly FoundItem[],
  start: Date | undefined,
  settled: number,
): BackfillPosition | undefined {
  const last = items.at(-1);
  if (!last) return undefined;
  let receivedAt = start ?? OLDEST;
  let settledAtThatTime = start ? settled : 0;
  for (const item of items) {
    const time = item.time ?? receivedAt;
    settledAtThatTime = time.getTime() === receivedAt.getTime() ? settledAtThatTime + 1 : 1;
    receivedAt = time;
  }
  return { receivedAt, settledAtThatTime, lastItemId: last.itemId };
}
