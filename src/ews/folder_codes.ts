import type { FolderCodes } from "../source/in_folder.ts";

/** Codes for a folder that is not there. */
export const GONE_CODES: ReadonlySet<string> = new Set([
  "ErrorFolderNotFound",
  "ErrorSyncFolderNotFound",
  "ErrorItemNotFound",
  "ErrorInvalidFolderId",
]);

/** What codes say of the folder that was asked for something. */
export const FOLDER_CODES: FolderCodes = {
  gone: GONE_CODES,
  tokenLost: new Set(["ErrorInvalidSyncStateData"]),
};
