import type { Operation } from "../operation.ts";
import { element } from "../xml_writer.ts";
import {
  additionalProperties,
  type DistinguishedFolder,
  distinguishedFolderId,
  fieldUri,
  idOnly,
} from "./request_parts.ts";

/**
 * GetFolder for how many items lie in folders told by role, in order. `undefined` for one that the
 * mailbox does not have or the account may not see.
 */
export function countFolderItems(
  folders: readonly DistinguishedFolder[],
): Operation<readonly (number | undefined)[]> {
  return {
    name: "GetFolder",
    reach: "mailbox",
    messagesExpected: folders.length,
    encode: () =>
      element(
        "m:GetFolder",
        {},
        element("m:FolderShape", {}, idOnly(), additionalProperties(fieldUri("folder:TotalCount"))),
        element("m:FolderIds", {}, ...folders.map(distinguishedFolderId)),
      ),
    decode: (messages) =>
      messages.map(({ node, error }) => {
        if (error && error.kind === "retryable") throw error;
        const folder = error ? undefined : node.node("Folders").children[0];
        return folder && (folder.optionalCount("TotalCount") ?? 0);
      }),
  };
}
