import { LIMITS } from "../core/limits.ts";
import type { FolderOf } from "../core/ports.ts";
import type { BackfillPosition, BackfillRange } from "../core/sync_state.ts";
import type { Delivery } from "./delivery.ts";
import { throwIfStopping } from "./stop.ts";

/** The ids of all that a folder holds of a range of received times, oldest first, page by page. */
export async function* listedPages(
  { source, stop }: Pick<Delivery, "source" | "stop">,
  at: FolderOf,
  { since, until }: BackfillRange,
): AsyncGenerator<readonly string[]> {
  let position: BackfillPosition | undefined;
  do {
    throwIfStopping(stop);
    const page = await source.list(at, {
      signal: stop.aborted,
      order: "received",
      position,
      since,
      until,
      limit: LIMITS.listPageItemsMax,
    });
    yield page.itemIds;
    position = page.next;
  } while (position);
}
