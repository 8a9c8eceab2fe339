import { z } from "zod";
import { SyncError } from "../core/errors.ts";
import type { FolderOf } from "../core/ports.ts";
import { tokenOfLink } from "./graph_link.ts";
import { graphPath } from "./graph_path.ts";
import { type GraphRequest, readAs } from "./graph_request.ts";
import { timeOf } from "./message_description.ts";
import type { DatedMessage, DatedPage } from "./undated_messages.ts";

/** A page of a folder's change list. */
export interface DeltaPage extends DatedPage {
  /** What arrived or changed, with its times as far as the token was begun with them. */
  readonly messages: readonly DatedMessage[];
  /** What is said to be here no longer, in the list's order. */
  readonly removed: readonly string[];
}

export interface DeltaPageRequest {
  /** Path and query of a link; absent: the beginning of the change list. */
  readonly path: string | undefined;
  readonly limit: number;
  readonly endpoint: URL;
}

const ANSWER = z.object({
  value: z.array(z.object({
    id: z.string().min(1),
    receivedDateTime: z.string().nullish(),
    createdDateTime: z.string().nullish(),
    "@removed": z.unknown().optional(),
  })),
  "@odata.nextLink": z.string().nullish(),
  "@odata.deltaLink": z.string().nullish(),
});

/** One page of a folder's changes (message-delta), ids and times only. */
export function messageDelta(
  { mailbox, folder }: FolderOf,
  { path, limit, endpoint }: DeltaPageRequest,
): GraphRequest<DeltaPage> {
  // Without a filter: with one, Graph ends the list at 5,000 messages and says nothing of it.
  const first = graphPath(mailbox, ["mailFolders", folder.id, "messages", "delta"], {
    $select: "id,receivedDateTime,createdDateTime",
  });
  return {
    name: "messages/delta",
    reach: "folder",
    path: path ?? first,
    prefer: [`odata.maxpagesize=${limit}`],
    read: (answer) => deltaPageOf(readAs(ANSWER, answer), endpoint),
  };
}

function deltaPageOf(answer: z.output<typeof ANSWER>, endpoint: URL): DeltaPage {
  const { value, "@odata.nextLink": nextLink, "@odata.deltaLink": deltaLink } = answer;
  const link = nextLink ?? deltaLink;
  if (!link) {
    throw new SyncError("retryable", "ResponseCorrupt", "Graph's list of changes has no next link");
  }
  return {
    messages: value.filter((entry) => !entry["@removed"]).map(datedMessageOf),
    removed: value.filter((entry) => entry["@removed"]).map(({ id }) => id),
    token: tokenOfLink(link, endpoint),
    complete: !nextLink,
  };
}

function datedMessageOf(
  { id, receivedDateTime, createdDateTime }: z.output<typeof ANSWER>["value"][number],
): DatedMessage {
  const receivedAt = timeOf(receivedDateTime);
  const createdAt = timeOf(createdDateTime);
  return {
    itemId: id,
    ...(receivedAt ? { receivedAt } : {}),
    ...(createdAt ? { createdAt } : {}),
  };
}
