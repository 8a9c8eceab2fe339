import type { ItemDescription } from "../core/email.ts";
import { SyncError } from "../core/errors.ts";
import type { FolderOf } from "../core/ports.ts";
import { graphPath } from "./graph_path.ts";
import { type GraphRequest, readAs } from "./graph_request.ts";
import { descriptionQuery, MESSAGE, messageDescriptionOf } from "./message_description.ts";

/**
 * The request for the description of one message of a folder. An immutable id goes on to mean the
 * message wherever it is moved; once it lies elsewhere, it is not found here, as with the ids of EWS.
 */
export function describeMessage(
  { mailbox, folder }: FolderOf,
  itemId: string,
): GraphRequest<ItemDescription> {
  return {
    name: "message",
    reach: "item",
    path: graphPath(mailbox, ["messages", itemId], descriptionQuery(mailbox, ["parentFolderId"])),
    read: (answer) => {
      const message = readAs(MESSAGE, answer);
      if (message.parentFolderId && message.parentFolderId !== folder.id) throw movedAway();
      // Under the id it was asked for: that is the one the caller knows.
      return { ...messageDescriptionOf(message, mailbox), itemId };
    },
  };
}

function movedAway(): SyncError {
  return new SyncError("item", "ErrorItemNotFound", "The message lies in another folder");
}
