import type { Operation } from "../operation.ts";
import type { ResponseMessage } from "../response_message.ts";
import { element, type Xml } from "../xml_writer.ts";
import { type DistinguishedFolder, distinguishedFolderId, idOnly } from "./request_parts.ts";

/**
 * GetFolder for folders told by role. Yields their ids in order; `undefined` for a role that the
 * mailbox has no folder for, or none the account may see. Any other error is thrown.
 */
export function getFolder(
  folders: readonly DistinguishedFolder[],
): Operation<readonly (string | undefined)[]> {
  return {
    name: "GetFolder",
    reach: "mailbox",
    messagesExpected: folders.length,
    encode: () => getFolderRequest(folders, idOnly()),
    decode: (messages) => messages.map(folderIdOf),
  };
}

/** A GetFolder request for what `shape` says of each folder. */
export function getFolderRequest(
  folders: readonly DistinguishedFolder[],
  ...shape: readonly Xml[]
): Xml {
  return element(
    "m:GetFolder",
    {},
    element("m:FolderShape", {}, ...shape),
    element("m:FolderIds", {}, ...folders.map(distinguishedFolderId)),
  );
}

const ABSENT_CODES: ReadonlySet<string> = new Set([
  "ErrorFolderNotFound",
  "ErrorItemNotFound",
  "ErrorAccessDenied",
]);

function folderIdOf({ node, error }: ResponseMessage): string | undefined {
  if (error && ABSENT_CODES.has(error.code)) return undefined;
  if (error) throw error;
  return node.node("Folders").children[0]?.node("FolderId").attribute("Id");
}
