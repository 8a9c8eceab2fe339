import { SyncError } from "../../core/errors.ts";
import type { ItemAnswer } from "../../source/item_answer.ts";
import type { ResponseMessage } from "../response_message.ts";
import type { XmlNode } from "../xml.ts";

/**
 * Pairs the ids asked for with the answers, which come in the same order. `read` makes a value of
 * an item's element.
 */
export function itemAnswersOf<T>(
  itemIds: readonly string[],
  messages: readonly ResponseMessage[],
  read: (item: XmlNode, itemId: string) => T,
): readonly ItemAnswer<T>[] {
  const asked = new Set(itemIds);
  return messages.map(({ node, error }, i) => {
    const itemId = itemIds[i]!;
    if (error) return { itemId, error };
    const item = node.node("Items").children[0];
    if (!item) return { itemId, error: missing() };
    const answeredId = item.node("ItemId").attribute("Id");
    // Mixed up answers would put one email's content under another one's name.
    if (answeredId !== itemId && asked.has(answeredId)) {
      throw new SyncError("retryable", "ResponseCorrupt", "Items are answered out of order");
    }
    return { itemId, value: read(item, itemId) };
  });
}

function missing(): SyncError {
  return new SyncError("item", "ItemMissing", "Exchange reports success but returns no item");
}
