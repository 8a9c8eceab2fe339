import type { ItemDescription } from "../core/email.ts";
import type { Mailbox } from "../core/mailbox.ts";
import { graphPath } from "./graph_path.ts";
import { type GraphRequest, readAs } from "./graph_request.ts";
import { descriptionQuery, MESSAGE, messageDescriptionOf } from "./message_description.ts";

/** The request for the description of one message. */
export function describeMessage(mailbox: Mailbox, itemId: string): GraphRequest<ItemDescription> {
  return {
    name: "message",
    reach: "item",
    path: graphPath(mailbox, ["messages", itemId], descriptionQuery(mailbox)),
    // Under the id it was asked for: that is the one the caller knows.
    read: (answer) => ({ ...messageDescriptionOf(readAs(MESSAGE, answer), mailbox), itemId }),
  };
}
