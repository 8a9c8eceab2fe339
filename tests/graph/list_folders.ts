import type { SimulatedFolder } from "../exchange/simulated_mailbox.ts";
import { expansionOf } from "./expansion.ts";
import {
  folderResource,
  type FolderView,
  isFolderProperty,
  isMailFolder,
} from "./folder_resource.ts";
import { folderNamed, graphId } from "./graph_ids.ts";
import { type Content, entity, type GraphCall, type Operation, userPath } from "./operation.ts";
import { pagedCollection } from "./paged_collection.ts";
import { booleanOf, selectedOf } from "./query_options.ts";

const LIST = {
  allowed: ["$select", "$expand", "$top", "$skip", "$count", "includeHiddenFolders"],
} as const;

/** user-list-mailfolders: what lies directly below the message root. */
export const listMailFolders: Operation = {
  ...LIST,
  name: "listMailFolders",
  path: ["mailfolders"],
  answer: (call) => listed(call, call.mailbox.distinguishedFolder("msgfolderroot"), "mailFolders"),
};

/** mailfolder-list-childfolders */
export const listChildFolders: Operation = {
  ...LIST,
  name: "listChildFolders",
  path: ["mailfolders", "*", "childfolders"],
  answer: (call) => {
    const parent = folderNamed(call.mailbox, call.keys[0]!);
    return listed(call, parent, `mailFolders('${graphId(parent.id)}')/childFolders`);
  },
};

/** mailfolder-get */
export const getMailFolder: Operation = {
  name: "getMailFolder",
  path: ["mailfolders", "*"],
  allowed: ["$select", "$expand", "includeHiddenFolders"],
  answer: (call) => {
    const folder = folderNamed(call.mailbox, call.keys[0]!);
    return entity(call, userPath(call, "mailFolders"), folderResource(folder, folderViewOf(call)));
  },
};

/** Throws `GraphError` where the options are not in order. */
export function folderViewOf({ mailbox, options }: GraphCall): FolderView {
  return {
    mailbox,
    selected: selectedOf(options, "mailFolder", isFolderProperty),
    extended: expansionOf(options.get("$expand"), false).extended,
  };
}

function listed(call: GraphCall, parent: SimulatedFolder, path: string): Content {
  const { mailbox, options } = call;
  const view = folderViewOf(call);
  const withHidden = booleanOf(options, "includeHiddenFolders");
  const folders = mailbox.childrenOf(parent.id)
    .filter((folder) => isMailFolder(folder) && (withHidden || !folder.hidden));
  return pagedCollection(call, path, folders, (folder) => folderResource(folder, view));
}
