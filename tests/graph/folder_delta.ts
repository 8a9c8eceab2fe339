import type { ItemChange } from "../exchange/change_log.ts";
import type { SimulatedFolder, SimulatedMailbox } from "../exchange/simulated_mailbox.ts";
import { deltaLinks, deltaQueryOf, REFUSED_WITH_DELTA } from "./delta_query.ts";
import { folderResource, isMailFolder } from "./folder_resource.ts";
import { ERRORS } from "./graph_errors.ts";
import { graphId } from "./graph_ids.ts";
import type { JsonObject } from "./json_parts.ts";
import { folderViewOf } from "./list_folders.ts";
import { collection, type Operation } from "./operation.ts";
import { booleanOf } from "./query_options.ts";

const PAGE_DEFAULT = 10;
const PAGE_MAX = 512;

/** mailfolder-delta: all mail folders below the message root in one list, without the root itself. */
export const folderDelta: Operation = {
  name: "folderDelta",
  path: ["mailfolders", "delta"],
  allowed: ["$select", "$expand", "includeHiddenFolders", "$skiptoken", "$deltatoken"],
  refused: REFUSED_WITH_DELTA,
  answer(given) {
    const { call, token } = deltaQueryOf(given);
    const { mailbox, options, preferences } = call;
    const view = folderViewOf(call);
    const withHidden = booleanOf(options, "includeHiddenFolders");
    if (token && !("seen" in token.state)) throw ERRORS.syncStateInvalid();
    const seen = token && "seen" in token.state ? token.state.seen : [];
    const limit = Math.min(preferences.pageSize ?? PAGE_DEFAULT, PAGE_MAX);
    const page = mailbox.folderChanges(seen, limit);
    const isShown = (folder: SimulatedFolder) =>
      isMailFolder(folder) && (withHidden || !folder.hidden) && isBelowRoot(folder, mailbox);
    const value = page.changes.flatMap((change) => {
      const folder = mailbox.folder(change.itemId);
      if (!folder) return [removed(change)];
      return isShown(folder) ? [folderResource(folder, view)] : [];
    });
    const links = deltaLinks(call, "mailFolders/delta", page.complete, {
      state: { seen: page.seen },
      isFollowing: page.complete || (token?.isFollowing ?? false),
      told: 0,
    });
    return collection(call, "Collection(mailFolder)", value, links);
  },
};

function isBelowRoot({ parentId }: SimulatedFolder, mailbox: SimulatedMailbox): boolean {
  const parent = parentId === undefined ? undefined : mailbox.folder(parentId);
  return parent !== undefined && (parent.role === "msgfolderroot" || isBelowRoot(parent, mailbox));
}

function removed({ itemId }: ItemChange): JsonObject {
  return {
    "@odata.type": "#microsoft.graph.mailFolder",
    "id": graphId(itemId),
    "@removed": { reason: "deleted" },
  };
}
