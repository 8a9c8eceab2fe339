import type { PartReader } from "../source/email_rebuilder.ts";
import type { GraphClient } from "./graph_client.ts";
import { graphPath } from "./graph_path.ts";
import { messageParts } from "./message_parts.ts";

/** Parts of emails over Graph: the message's properties, and `attachments/ID/$value`. */
export function graphPartReader(client: GraphClient): PartReader {
  return {
    message: async (mailbox, itemId, parts, options) => {
      const request = messageParts(mailbox, itemId, parts);
      const { value } = await client.attempt(mailbox, request, options);
      return { itemId, value };
    },
    attachment: async (mailbox, itemId, { id }, write, options) => {
      const path = graphPath(mailbox, ["messages", itemId, "attachments", id, "$value"]);
      const request = { name: "attachment/$value", reach: "item", path } as const;
      await client.copy(mailbox, request, write, options);
    },
  };
}
