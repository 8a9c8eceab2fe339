import type { Json } from "./json_parts.ts";
import { collection, type Content, type GraphCall, userPath } from "./operation.ts";
import { booleanOf, wholeNumberOf } from "./query_options.ts";

const PAGE_DEFAULT = 10;
const PAGE_MAX = 1000;

/**
 * The page of a list that `$top` and `$skip` ask for, with `$count` and the link to the next page.
 * The link counts entries from the beginning, so that what goes or comes before them shifts them.
 */
export function pagedCollection<T>(
  call: GraphCall,
  path: string,
  all: readonly T[],
  show: (entry: T) => Json,
): Content {
  const { options, preferences, origin } = call;
  const size = wholeNumberOf(options, "$top", { min: 1, max: PAGE_MAX }) ??
    Math.min(preferences.pageSize ?? PAGE_DEFAULT, PAGE_MAX);
  const skip = wholeNumberOf(options, "$skip", { min: 0, max: Infinity }) ?? 0;
  const below = userPath(call, path);
  const query = new URLSearchParams([...options]);
  query.set("$skip", String(skip + size));
  return collection(call, below, all.slice(skip, skip + size).map(show), {
    nextLink: skip + size < all.length ? `${origin}/v1.0/${below}?${query}` : undefined,
    count: booleanOf(options, "$count") ? all.length : undefined,
  });
}
