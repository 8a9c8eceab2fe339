import type { PartReader } from "../source/email_rebuilder.ts";
import type { ItemAnswer } from "../source/item_answer.ts";
import type { ItemMessage } from "../source/item_message.ts";
import type { EwsClient } from "./client.ts";
import { getAttachment } from "./operations/get_attachment.ts";
import { getItemMessage, type ItemMessageType } from "./operations/get_item_message.ts";

/** An item of another type than it is asked as is refused with `ErrorInvalidPropertyRequest`. */
const TYPES: readonly ItemMessageType[] = ["message", "post", "any"];

/** Parts of emails over EWS: GetItem and GetAttachment. */
export function ewsPartReader(client: EwsClient): PartReader {
  return {
    message: async (mailbox, itemId, parts, { signal }) => {
      let answer: ItemAnswer<ItemMessage> | undefined;
      for (const type of TYPES) {
        const operation = getItemMessage(itemId, type, parts);
        [answer] = (await client.attempt(mailbox, operation, { signal })).value;
        if (!isOfAnotherType(answer!)) break;
      }
      return answer!;
    },
    attachment: async (mailbox, _itemId, { id, isItem }, write, { signal }) => {
      // The reader may have them longer than they are ours.
      const receive = (_index: number, bytes: Uint8Array) => write(bytes.slice());
      await client.attempt(mailbox, getAttachment({ id, isItem }), { signal, receive });
    },
  };
}

function isOfAnotherType(answer: ItemAnswer<ItemMessage>): boolean {
  return "error" in answer && answer.error.code === "ErrorInvalidPropertyRequest";
}
