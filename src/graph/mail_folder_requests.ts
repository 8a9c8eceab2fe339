import { z } from "zod";
import type { Mailbox } from "../core/mailbox.ts";
import type { FoundFolder } from "../source/mail_folders.ts";
import { present } from "../source/present.ts";
import { expandExtended, EXTENDED_VALUES, extendedValue } from "./extended_properties.ts";
import { GRAPH_LIMITS } from "./graph_limits.ts";
import { pathOfLink } from "./graph_link.ts";
import { graphPath, type GraphQuery } from "./graph_path.ts";
import { type GraphRequest, readAs } from "./graph_request.ts";

/** A folder as Graph shows it. */
export interface GraphFolder extends Omit<FoundFolder, "distinguishedId"> {
  readonly hasChildren: boolean;
}

export interface GraphFolderPage {
  readonly folders: readonly GraphFolder[];
  /** Path of the next page; absent: this is the last. */
  readonly nextPath?: string;
}

const FOLDER = z.object({
  "@odata.type": z.string().nullish(),
  id: z.string().min(1),
  parentFolderId: z.string().nullish(),
  displayName: z.string().nullish(),
  isHidden: z.boolean().nullish(),
  totalItemCount: z.number().nullish(),
  childFolderCount: z.number().nullish(),
  singleValueExtendedProperties: EXTENDED_VALUES,
});

const PAGE = z.object({ value: z.array(FOLDER), "@odata.nextLink": z.string().nullish() });

const QUERY: GraphQuery = {
  includeHiddenFolders: "true",
  $select: "id,parentFolderId,displayName,isHidden,totalItemCount,childFolderCount",
  $expand: expandExtended(["containerClass"]),
  $top: String(GRAPH_LIMITS.folderPage),
};

/** Folders directly below the message root, hidden ones included. */
export function topFolders(mailbox: Mailbox, endpoint: URL): GraphRequest<GraphFolderPage> {
  return folderPage(graphPath(mailbox, ["mailFolders"], QUERY), "mailbox", endpoint);
}

/** Folders directly below another. */
export function childFolders(
  mailbox: Mailbox,
  folderId: string,
  endpoint: URL,
): GraphRequest<GraphFolderPage> {
  const path = graphPath(mailbox, ["mailFolders", folderId, "childFolders"], QUERY);
  return folderPage(path, "item", endpoint);
}

/** A further page, whose path came with the one before. */
export function furtherFolders(path: string, endpoint: URL): GraphRequest<GraphFolderPage> {
  return folderPage(path, "mailbox", endpoint);
}

const ID = z.object({ id: z.string().min(1), totalItemCount: z.number().nullish() });

/** A folder by id or well-known name: its id, and how many items lie in it. */
export function folderNamed(
  mailbox: Mailbox,
  name: string,
  reach: "item" | "mailbox",
): GraphRequest<{ readonly id: string; readonly itemCount: number }> {
  return {
    name: "mailFolder",
    reach,
    path: graphPath(mailbox, ["mailFolders", name], { $select: "id,totalItemCount" }),
    read: (answer) => {
      const { id, totalItemCount } = readAs(ID, answer);
      return { id, itemCount: totalItemCount ?? 0 };
    },
  };
}

function folderPage(
  path: string,
  reach: "item" | "mailbox",
  endpoint: URL,
): GraphRequest<GraphFolderPage> {
  return {
    name: "mailFolders",
    reach,
    path,
    read: (answer) => {
      const { value, "@odata.nextLink": link } = readAs(PAGE, answer);
      return {
        folders: value.map(graphFolderOf),
        ...(link ? { nextPath: pathOfLink(link, endpoint) } : {}),
      };
    },
  };
}

function graphFolderOf(folder: z.output<typeof FOLDER>): GraphFolder {
  const folderClass = extendedValue(folder.singleValueExtendedProperties, "containerClass")?.trim();
  return {
    id: folder.id,
    type: folder["@odata.type"] === "#microsoft.graph.mailSearchFolder" ? "SearchFolder" : "Folder",
    name: folder.displayName ?? "",
    hidden: folder.isHidden ?? false,
    hasChildren: (folder.childFolderCount ?? 0) > 0,
    ...present({
      parentId: folder.parentFolderId ?? undefined,
      folderClass: folderClass || undefined,
      itemCount: folder.totalItemCount ?? undefined,
    }),
  };
}
