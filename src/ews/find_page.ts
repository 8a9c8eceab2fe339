import type { CallOptions } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import type { FolderOf } from "../core/ports.ts";
import type { EwsClient } from "./client.ts";
import { findItem, type FindItemRequest, type ItemPage } from "./operations/find_item.ts";
import { attemptsMaxOf } from "./response_codes.ts";
import { smallerAfter } from "./smaller_page.ts";

export interface FindPageOptions extends CallOptions {
  /** One harmless request that shows whether the mailbox answers; rejects if not. */
  readonly probe: () => Promise<void>;
}

/** The server gave up, or whoever waited for it did: the transport, or a gateway in between. */
const NOT_IN_TIME: ReadonlySet<string> = new Set(["Timeout", "Http504"]);
/** Two minutes each time: the server may go on meanwhile and be done when asked again. */
const NOT_IN_TIME_MAX = 3;

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
  request: Omit<FindItemRequest, "folderId">,
  { signal, probe }: FindPageOptions,
): Promise<ItemPage> {
  const operationOf = (limit: number) => findItem({ ...request, folderId: folder.id, limit });
  try {
    const answer = await client.send(mailbox, operationOf(request.limit), {
      signal,
      attemptsMax: ({ code }) => NOT_IN_TIME.has(code) ? NOT_IN_TIME_MAX : attemptsMaxOf(code),
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

function listingUnavailable(cause: SyncError): SyncError {
  return new SyncError(
    "folder",
    "ListingUnavailable",
    `Exchange cannot list this folder in order (${cause.code})`,
    { cause, hint: "Wait: the folder is gone through without order, which takes longer" },
  );
}
