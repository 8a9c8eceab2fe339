import type { Operation } from "../operation.ts";
import { getFolderRequest } from "./get_folder.ts";
import {
  additionalProperties,
  type DistinguishedFolder,
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
      getFolderRequest(folders, idOnly(), additionalProperties(fieldUri("folder:TotalCount"))),
    decode: (messages) =>
      messages.map(({ node, error }) => {
        if (error && error.kind === "retryable") throw error;
        const folder = error ? undefined : node.node("Folders").children[0];
        return folder && (folder.optionalCount("TotalCount") ?? 0);
      }),
  };
}
