import type { Operation } from "../operation.ts";
import { successOf } from "../response_message.ts";
import { element, fragment, textElement } from "../xml_writer.ts";
import { folderId } from "./request_parts.ts";

/**
 * What a subscription hears of: every folder of the mailbox that the request acts as, or folders by
 * their ids, all of one mailbox. As a delegate "every folder" would be the account's own.
 */
export type SubscribedFolders = "all" | readonly string[];

/** Whatever puts an item or a folder somewhere. Flags and deletions are nothing to hurry for. */
const EVENT_TYPES = ["NewMailEvent", "CreatedEvent", "MovedEvent", "CopiedEvent"] as const;

/** Subscribe to streaming notifications. Yields the id of the subscription. */
export function subscribe(folders: SubscribedFolders): Operation<string> {
  const isAll = folders === "all";
  return {
    name: "Subscribe",
    reach: "mailbox",
    messagesExpected: 1,
    encode: () =>
      element(
        "m:Subscribe",
        {},
        element(
          "m:StreamingSubscriptionRequest",
          { SubscribeToAllFolders: isAll ? true : undefined },
          isAll ? fragment() : element("t:FolderIds", {}, ...folders.map(folderId)),
          element(
            "t:EventTypes",
            {},
            ...EVENT_TYPES.map((type) => textElement("t:EventType", type)),
          ),
        ),
      ),
    decode: ([message]) => successOf(message).text("SubscriptionId"),
  };
}
