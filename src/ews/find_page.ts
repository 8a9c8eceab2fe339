import type { CallOptions } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import type { FolderOf } from "../core/ports.ts";
import type { ItemPage, PageRequest } from "../source/item_page.ts";
import { listingUnavailable, NOT_IN_TIME, NOT_IN_TIME_MAX } from "../source/listing_unavailable.ts";
import { smallerAfter } from "../source/smaller_page.ts";
import type { EwsClient } from "./client.ts";
import { findItem } from "./operations/find_item.ts";
import { EWS_FAILURES } from "./response_codes.ts";

export interface FindPageOptions extends CallOptions {
  /** One harmless request that shows whether the mailbox answers; rejects if not. */
  readonly probe: () => Promise<void>;
}

/** What the server says of a folder too large to be ordered. */
const GIVEN_UP: ReadonlySet<string> = new Set(["ErrorTimeoutExpired", "ErrorInternalServerError"]);
/** What a store says that cannot order or choose items by these times at all. */
const UNSUPPORTED: ReadonlySet<string> = new Set([
  "ErrorUnsupportedPathForSortGroup",
  "ErrorUnsupportedPathForQuery",
]);

/**
 * One page of a folder in an order. Rejects with kind `folder` and code `ListingUnavailable` where
 * the server cannot order it in time although it answers other requests.
 */
export async function findPage(
  client: EwsClient,
  { mailbox, folder }: FolderOf,
  request: PageRequest,
  { signal, probe }: FindPageOptions,
): Promise<ItemPage> {
  const operationOf = (limit: number) => findItem({ ...request, folderId: folder.id, limit });
  try {
    const answer = await client.send(mailbox, operationOf(request.limit), {
      signal,
      attemptsMax: ({ code }) =>
        NOT_IN_TIME.has(code) ? NOT_IN_TIME_MAX : EWS_FAILURES.attemptsMaxOf(code),
      insteadAfter: smallerAfter(request.limit, operationOf),
    });
    return answer.value;
  } catch (error) {
    if (!(error instanceof SyncError) || !mayBeUnavailable(error)) throw error;
    // Otherwise it is the server that does not work, not this listing.
    if (!UNSUPPORTED.has(error.code)) await probe();
    throw listingUnavailable(error);
  }
}

function mayBeUnavailable({ kind, code }: SyncError): boolean {
  if (NOT_IN_TIME.has(code)) return kind === "retryable";
  return kind === "folder" && (GIVEN_UP.has(code) || UNSUPPORTED.has(code));
}
