import { z } from "zod";
import type { ItemDescription } from "../core/email.ts";
import { SyncError } from "../core/errors.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { FolderOf } from "../core/ports.ts";
import type { ItemOrder, ItemPage, PageRequest } from "../source/item_page.ts";
import { listingUnavailable, NOT_IN_TIME, NOT_IN_TIME_MAX } from "../source/listing_unavailable.ts";
import { smallerAfter } from "../source/smaller_page.ts";
import type { GraphClient, SendOptions } from "./graph_client.ts";
import { GRAPH_FAILURES, GRAPH_FOLDER_CODES } from "./graph_errors.ts";
import { pathOfLink } from "./graph_link.ts";
import { GRAPH_LIMITS } from "./graph_limits.ts";
import { graphPath, type GraphQuery, timeLiteral } from "./graph_path.ts";
import { type GraphRequest, readAs } from "./graph_request.ts";
import {
  descriptionQuery,
  type GraphMessage,
  MESSAGE,
  messageDescriptionOf,
  timeOf,
} from "./message_description.ts";

/** A page of a folder by time; `created` is not asked here: see `UndatedMessages`. */
export interface FindRequest extends PageRequest {
  readonly order: ItemOrder & { readonly by: "received" | "modified" };
}

export interface MessagePage extends ItemPage {
  /** What the page said of its items; empty where only ids could be had. */
  readonly descriptions: readonly ItemDescription[];
  /** Path of the page after this one. */
  readonly nextPath?: string;
}

export interface FindOptions extends Pick<SendOptions<unknown>, "signal"> {
  /** One harmless request that shows whether the mailbox answers; rejects if not. */
  readonly probe: () => Promise<void>;
}

/** What Graph says of a folder that it cannot order or choose from by these times. */
const UNSUPPORTED: ReadonlySet<string> = new Set([
  "InefficientFilter",
  "ErrorUnsupportedPathForSortGroup",
  "ErrorUnsupportedPathForQuery",
]);
/** What it says of one too large to be ordered. */
const GIVEN_UP: ReadonlySet<string> = new Set(["ErrorTimeoutExpired", "ErrorInternalServerError"]);

const TIMES = { received: "receivedDateTime", modified: "lastModifiedDateTime" } as const;

/** No email is older; a filter on a time leaves out what does not have it. */
const OLDEST = new Date("1900-01-01T00:00:00Z");

const ANSWER = z.object({
  value: z.array(MESSAGE),
  "@odata.nextLink": z.string().nullish(),
});

/**
 * One page of a folder by time, with what a description says of each message; after a failure that
 * one poisonous message can cause, only with ids. Rejects with kind `folder` and code
 * `ListingUnavailable` where Graph cannot order the folder in time although it answers otherwise.
 */
export async function findMessages(
  client: GraphClient,
  at: FolderOf,
  request: FindRequest,
  { signal, probe }: FindOptions,
): Promise<MessagePage> {
  const search = async (withDescriptions: boolean) => {
    const { endpoint } = client;
    const requestOf = (limit: number) =>
      listMessages(at, { ...request, limit, withDescriptions, endpoint });
    const options = {
      signal,
      background: true,
      attemptsMax: (error: SyncError) => attemptsMaxOf(error, withDescriptions),
    };
    const insteadAfter = smallerAfter(request.limit, requestOf);
    const first = requestOf(request.limit);
    let { value } = await client.send(at.mailbox, first, { ...options, insteadAfter });
    // Graph may give empty pages before others (Microsoft, "Paging Microsoft Graph data").
    for (let pages = 1; value.items.length === 0 && value.nextPath !== undefined; pages++) {
      if (pages > GRAPH_LIMITS.pagesMax) throw endless();
      ({ value } = await client.send(at.mailbox, { ...first, path: value.nextPath }, options));
    }
    return value;
  };
  try {
    return await search(true);
  } catch (error) {
    if (!(error instanceof SyncError) || !mayBeOfOneMessage(error)) throw error;
  }
  try {
    return await search(false);
  } catch (error) {
    if (!(error instanceof SyncError) || !mayBeUnavailable(error)) throw error;
    // Otherwise it is the server that does not work, not this listing.
    if (!UNSUPPORTED.has(error.code)) await probe();
    throw listingUnavailable(error);
  }
}

/** The request for one page. */
function listMessages(
  { mailbox, folder }: FolderOf,
  { order, offset, limit, withDescriptions, endpoint }: FindRequest & {
    readonly withDescriptions: boolean;
    readonly endpoint: URL;
  },
): GraphRequest<MessagePage> {
  const time = TIMES[order.by];
  const described: GraphQuery = withDescriptions
    ? descriptionQuery(mailbox, [time])
    : { $select: `id,${time}` };
  return {
    name: "messages",
    reach: "folder",
    path: graphPath(mailbox, ["mailFolders", folder.id, "messages"], {
      ...described,
      $filter: filterOf(order),
      $orderby: time,
      $top: String(limit),
      ...(offset === 0 ? {} : { $skip: String(offset) }),
    }),
    read: (answer) => {
      const { value, "@odata.nextLink": nextLink } = readAs(ANSWER, answer);
      return {
        items: value.map((message) => foundMessageOf(message, order)),
        complete: !nextLink,
        descriptions: withDescriptions
          ? value.map((message) => messageDescriptionOf(message, mailbox))
          : [],
        ...(nextLink ? { nextPath: pathOfLink(nextLink, endpoint) } : {}),
      };
    },
  };
}

function endless(): SyncError {
  return new SyncError("retryable", "ResponseIncomplete", "Graph answers with empty pages only");
}

function filterOf({ by, from = OLDEST, until }: FindRequest["order"]): string {
  const lower = `${TIMES[by]} ge ${timeLiteral(from)}`;
  return until ? `${lower} and ${TIMES[by]} lt ${timeLiteral(until)}` : lower;
}

function foundMessageOf(message: GraphMessage, { by }: FindRequest["order"]) {
  const time = timeOf(message[TIMES[by]]);
  return { itemId: message.id, ...(time ? { time } : {}) };
}

/** How many messages of a folder were received at or after `since`, as Graph counts them. */
export function countMessages(
  mailbox: Mailbox,
  folderId: string,
  since: Date,
): GraphRequest<number> {
  return {
    name: "messages/$count",
    reach: "folder",
    path: graphPath(mailbox, ["mailFolders", folderId, "messages"], {
      $select: "id",
      $filter: filterOf({ by: "received", from: since }),
      $count: "true",
      $top: "1",
    }),
    read: (answer) => readAs(COUNT, answer)["@odata.count"],
  };
}

const COUNT = z.object({ "@odata.count": z.int().min(0) });

function attemptsMaxOf(error: SyncError, withDescriptions: boolean): number {
  // What asks for less is the better second attempt.
  if (withDescriptions && mayBeOfOneMessage(error)) return 1;
  return NOT_IN_TIME.has(error.code) ? NOT_IN_TIME_MAX : GRAPH_FAILURES.attemptsMaxOf(error.code);
}

/** Whether a failure may come from what was asked of each message, not from the listing itself. */
function mayBeOfOneMessage(error: SyncError): boolean {
  if (error.kind === "folder") return !GRAPH_FOLDER_CODES.gone.has(error.code);
  return error.kind === "retryable" &&
    (NOT_IN_TIME.has(error.code) || error.code === "Http500" ||
      GRAPH_FAILURES.mayBeItemsFault(error));
}

function mayBeUnavailable({ kind, code }: SyncError): boolean {
  if (NOT_IN_TIME.has(code)) return kind === "retryable";
  return kind === "folder" && (GIVEN_UP.has(code) || UNSUPPORTED.has(code));
}
