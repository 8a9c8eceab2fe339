import { SyncError } from "../core/errors.ts";
import type { FolderOf } from "../core/ports.ts";

/** Codes of one protocol for what `MailSource` names itself. */
export interface FolderCodes {
  /** The folder no longer exists. */
  readonly gone: ReadonlySet<string>;
  /** The token is no longer accepted. */
  readonly tokenLost: ReadonlySet<string>;
}

/** Runs what concerns a folder; its errors get the codes that `MailSource` promises, and the path. */
export async function inFolder<T>(
  { mailbox, folder }: FolderOf,
  { gone, tokenLost }: FolderCodes,
  action: () => Promise<T>,
): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof SyncError)) throw error;
    const context = { mailbox: mailbox.address, folder: folder.path };
    const details = { cause: error, context: { ...context, ...error.context } };
    if (tokenLost.has(error.code)) {
      throw new SyncError("folder", "SyncStateInvalid", "The sync state is refused", details);
    }
    if (error.kind === "folder" && gone.has(error.code)) {
      throw new SyncError("folder", "FolderGone", "The folder no longer exists", details);
    }
    throw error.in(context);
  }
}
