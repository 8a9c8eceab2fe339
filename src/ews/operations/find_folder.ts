import type { FoundFolder } from "../../source/mail_folders.ts";
import type { RepeatedAnswer } from "../../source/repeated_answer.ts";
import type { Operation } from "../operation.ts";
import { successOf } from "../response_message.ts";
import type { SchemaVersion } from "../schema_version.ts";
import type { XmlNode } from "../xml.ts";
import { element, fragment, type Xml } from "../xml_writer.ts";
import {
  additionalProperties,
  type DistinguishedFolder,
  distinguishedFolderId,
  extendedFieldUri,
  fieldUri,
  idOnly,
} from "./request_parts.ts";

export interface FindFolderRequest {
  readonly root: DistinguishedFolder;
  readonly offset: number;
  readonly limit: number;
  /** Of the same mailbox and offset. */
  readonly last?: RepeatedAnswer<FolderPage>;
}

export interface DatedFolder extends FoundFolder {
  /** When anything in the folder changed last; not every server says. */
  readonly changedAt?: Date;
}

export interface FolderPage {
  readonly folders: readonly DatedFolder[];
  /** Whether this is the last page. */
  readonly complete: boolean;
}

/** PidTagAttributeHidden. */
const HIDDEN_TAG = "0x10F4";
/** PidTagLocalCommitTimeMax (MS-OXCFOLD): when an object in the folder changed last. */
const CHANGED_TAG = "0x670A";

/** FindFolder over everything below `root`, by pages. */
export function findFolder(request: FindFolderRequest): Operation<FolderPage> {
  return {
    name: "FindFolder",
    reach: "mailbox",
    messagesExpected: 1,
    ...(request.last ? { last: request.last } : {}),
    encode: (version) => encode(request, version),
    decode: ([message]) => {
      const root = successOf(message).node("RootFolder");
      return {
        folders: root.node("Folders").children.map(foundFolderOf),
        complete: root.flagAttribute("IncludesLastItemInRange"),
      };
    },
  };
}

function encode({ root, offset, limit }: FindFolderRequest, version: SchemaVersion): Xml {
  const properties = additionalProperties(
    fieldUri("folder:ParentFolderId"),
    fieldUri("folder:DisplayName"),
    fieldUri("folder:FolderClass"),
    fieldUri("folder:TotalCount"),
    version === "Exchange2010_SP2" ? fragment() : fieldUri("folder:DistinguishedFolderId"),
    extendedFieldUri(HIDDEN_TAG, "Boolean"),
    extendedFieldUri(CHANGED_TAG, "SystemTime"),
  );
  return element(
    "m:FindFolder",
    { Traversal: "Deep" },
    element("m:FolderShape", {}, idOnly(), properties),
    element("m:IndexedPageFolderView", {
      MaxEntriesReturned: limit,
      Offset: offset,
      BasePoint: "Beginning",
    }),
    element("m:ParentFolderIds", {}, distinguishedFolderId(root)),
  );
}

function foundFolderOf(node: XmlNode): DatedFolder {
  const parentId = node.optionalNode("ParentFolderId")?.attribute("Id");
  const folderClass = node.optionalText("FolderClass")?.trim();
  const itemCount = node.optionalCount("TotalCount");
  const distinguishedId = node.optionalText("DistinguishedFolderId")?.trim();
  const extended = node.nodes("ExtendedProperty");
  const changedAt = extended.find((property) => hasTag(property, CHANGED_TAG))
    ?.optionalDate("Value");
  return {
    id: node.node("FolderId").attribute("Id"),
    type: node.name,
    name: node.optionalText("DisplayName") ?? "",
    hidden: extended.some((property) =>
      hasTag(property, HIDDEN_TAG) && property.optionalFlag("Value") === true
    ),
    ...(parentId === undefined ? {} : { parentId }),
    ...(folderClass ? { folderClass } : {}),
    ...(itemCount === undefined ? {} : { itemCount }),
    ...(distinguishedId ? { distinguishedId } : {}),
    ...(changedAt ? { changedAt } : {}),
  };
}

function hasTag(property: XmlNode, wanted: string): boolean {
  const tag = property.optionalNode("ExtendedFieldURI")?.optionalAttribute("PropertyTag");
  return Number(tag) === Number(wanted);
}
