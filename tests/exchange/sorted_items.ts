import type { Item } from "./items.ts";
import type { PropertyValue } from "./mapi_properties.ts";

/** An order a folder's content can be listed in. */
export interface SortOrder {
  /** Names the order for the cache. */
  readonly key: string;
  compare(a: Item, b: Item): number;
}

/** Sorted views of a folder's content, kept as long as the content is: paging asks again and again. */
const sortedViews = new WeakMap<readonly Item[], Map<string, readonly Item[]>>();

export function sortedItems(items: readonly Item[], order: SortOrder): readonly Item[] {
  const views = sortedViews.get(items) ?? new Map<string, readonly Item[]>();
  sortedViews.set(items, views);
  const view = views.get(order.key) ?? items.toSorted(order.compare);
  views.set(order.key, view);
  return view;
}

/** A folder's table shows the newest item first unless told otherwise. */
export const NEWEST_FIRST: SortOrder = {
  key: "",
  compare: (a, b) => -ordered(a.receivedAt, b.receivedAt),
};

/** Items without the property come first when ascending, as in a MAPI table. */
export function ordered(a: PropertyValue, b: PropertyValue): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  return a < b ? -1 : a > b ? 1 : 0;
}
