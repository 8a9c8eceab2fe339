import type { ChangeKind, ItemChange } from "../exchange/change_log.ts";
import type { Item } from "../exchange/items.ts";
import type { SimulatedFolder, SimulatedMailbox } from "../exchange/simulated_mailbox.ts";
import { deltaLinks, type DeltaQuery, deltaQueryOf, REFUSED_WITH_DELTA } from "./delta_query.ts";
import { expansionOf } from "./expansion.ts";
import { ERRORS, GraphError } from "./graph_errors.ts";
import { folderNamed, graphId } from "./graph_ids.ts";
import type { JsonObject } from "./json_parts.ts";
import { messageViewOf } from "./list_messages.ts";
import { type MessageFilter, messageFilterOf } from "./message_filter.ts";
import { isMessage, messageResource, type MessageView } from "./message_resource.ts";
import { collection, type Content, type GraphCall, type Operation } from "./operation.ts";
import type { QueryOptions } from "./query_options.ts";

const PAGE_DEFAULT = 10;
/** More is not given, whatever `odata.maxpagesize` says. */
const PAGE_MAX = 512;
/** With `$filter` a round ends here, without a word (delta-query-messages). */
const FILTERED_MAX = 5000;

/** message-delta */
export const messageDelta: Operation = {
  name: "messageDelta",
  path: ["mailfolders", "*", "messages", "delta"],
  allowed: ["$select", "$expand", "$filter", "changeType", "$skiptoken", "$deltatoken"],
  refused: REFUSED_WITH_DELTA,
  answer(call) {
    const folder = deltaFolder(call);
    return changesIn(folder, deltaQueryOf(call));
  },
};

function deltaFolder({ mailbox, keys }: GraphCall): SimulatedFolder {
  const folder = folderOrGone(mailbox, keys[0]!);
  if (folder.type !== "search") return folder;
  throw new GraphError(
    400,
    "ErrorInvalidFolderTypeForOperation",
    "The folder type is invalid for this operation.",
  );
}

/** Synchronisation has a word of its own for a folder that is gone. */
function folderOrGone(mailbox: SimulatedMailbox, key: string): SimulatedFolder {
  try {
    return folderNamed(mailbox, key);
  } catch (error) {
    if (!(error instanceof GraphError) || error.code !== "ErrorItemNotFound") throw error;
    throw ERRORS.syncFolderNotFound();
  }
}

interface Wanted {
  readonly view: MessageView;
  readonly filter: MessageFilter | undefined;
  /** Absent: all of them. */
  readonly kinds: readonly ChangeKind[] | undefined;
}

function changesIn(folder: SimulatedFolder, { call, token }: DeltaQuery): Content {
  const { mailbox, preferences: { idType, pageSize } } = call;
  const wanted = wantedBy(call, token?.isFollowing ?? false);
  const sync = (syncState: string | undefined, limit: number) => {
    const page = mailbox.sync(folder.id, {
      idType,
      syncState,
      limit,
      ignoredItemIds: new Set(),
    });
    if (!page.valid) throw ERRORS.syncStateNotFound();
    return page;
  };
  const page = sync(syncStateIn(token, folder), Math.min(pageSize ?? PAGE_DEFAULT, PAGE_MAX));
  const told = token?.told ?? 0;
  const left = wanted.filter ? FILTERED_MAX - told : Infinity;
  const value = page.changes.flatMap((change) => changed(change, wanted)).slice(0, left);
  const isCapped = value.length >= left;
  // The rest counts as told: whoever asks with a filter in a large folder never hears of it.
  const { syncState, complete } = isCapped ? sync(page.syncState, Infinity) : page;
  const links = deltaLinks(call, deltaPath(folder), complete, {
    state: { folderId: folder.id, syncState },
    isFollowing: complete || (token?.isFollowing ?? false),
    told: complete ? 0 : told + value.length,
  });
  return collection(call, "Collection(message)", value, links);
}

function deltaPath({ id }: SimulatedFolder): string {
  return `mailFolders('${graphId(id)}')/messages/delta`;
}

function syncStateIn(token: DeltaQuery["token"], folder: SimulatedFolder): string | undefined {
  if (!token) return undefined;
  const { state } = token;
  if (!("syncState" in state) || state.folderId !== folder.id) throw ERRORS.syncStateInvalid();
  return state.syncState;
}

/** The first round tells of everything, whatever type of change is asked for. */
function wantedBy(call: GraphCall, isFollowing: boolean): Wanted {
  const kinds = changeKindsOf(call.options);
  return {
    view: messageViewOf(call, expansionOf(call.options.get("$expand"), false)),
    filter: filterOf(call.options),
    kinds: isFollowing ? kinds : undefined,
  };
}

function changeKindsOf(options: QueryOptions): readonly ChangeKind[] | undefined {
  const type = options.get("changeType");
  if (type === undefined) return undefined;
  if (type === "created") return ["create"];
  if (type === "updated") return ["update", "readFlag"];
  if (type === "deleted") return ["delete"];
  throw ERRORS.invalidQuery(`The value '${type}' of changeType is not supported.`);
}

/** Only a lower bound of the time of receipt is supported (message-delta). */
function filterOf(options: QueryOptions): MessageFilter | undefined {
  const text = options.get("$filter");
  if (text === undefined) return undefined;
  const filter = messageFilterOf(text);
  const [operator] = filter.operators;
  const isSupported = filter.properties.join() === "receivedDateTime" &&
    (operator === "ge" || operator === "gt");
  if (!isSupported) {
    throw ERRORS.invalidQuery("The filter expression is not supported with change tracking.");
  }
  return filter;
}

function changed({ kind, itemId }: ItemChange, wanted: Wanted): readonly JsonObject[] {
  const { view, filter, kinds } = wanted;
  if (kinds && !kinds.includes(kind)) return [];
  if (kind === "delete") return [removed(itemId)];
  const item = itemOf(itemId, view);
  if (!isMessage(item) || !(filter?.fits(item) ?? true)) return [];
  return [messageResource(item, view, true)];
}

function itemOf(itemId: string, { mailbox, idType }: MessageView): Item {
  const item = idType === "immutable" ? mailbox.itemOfImmutableId(itemId) : mailbox.item(itemId);
  if (!item) throw new Error(`Item "${itemId}" is gone, and its folder does not know it`);
  return item;
}

/** Moved away or deleted for good: it looks the same. */
function removed(itemId: string): JsonObject {
  return {
    "@odata.type": "#microsoft.graph.message",
    "id": graphId(itemId),
    "@removed": { reason: "deleted" },
  };
}
