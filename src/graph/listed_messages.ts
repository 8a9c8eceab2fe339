import type { ItemDescription } from "../core/email.ts";
import type { Mailbox } from "../core/mailbox.ts";
import { GRAPH_LIMITS } from "./graph_limits.ts";

/**
 * Messages that came with a listing. Their descriptions came along and are kept until they are asked
 * for, once: of Graph's requests to a mailbox, an email then costs only the one for its content. Which
 * messages are older mail is known from here, too.
 */
export class ListedMessages {
  /** By mailbox and id, oldest first. */
  readonly #descriptions = new Map<string, ItemDescription>();
  readonly #listed = new Set<string>();

  remember(mailbox: Mailbox, items: readonly ItemDescription[]): void {
    for (const item of items) {
      const key = keyOf(mailbox, item.itemId);
      this.#descriptions.delete(key);
      this.#descriptions.set(key, item);
      this.#listed.delete(key);
      this.#listed.add(key);
    }
    dropOldest(this.#descriptions, GRAPH_LIMITS.listedDescriptionsMax);
    dropOldest(this.#listed, GRAPH_LIMITS.listedItemsMax);
  }

  /** The description, which is forgotten then; undefined if there is none. */
  take(mailbox: Mailbox, itemId: string): ItemDescription | undefined {
    const key = keyOf(mailbox, itemId);
    const item = this.#descriptions.get(key);
    this.#descriptions.delete(key);
    return item;
  }

  /** Whether an item is older mail, as far as is remembered. */
  isListed(mailbox: Mailbox, itemId: string): boolean {
    return this.#listed.has(keyOf(mailbox, itemId));
  }
}

function keyOf({ address }: Mailbox, itemId: string): string {
  return `${address}\n${itemId}`;
}

function dropOldest(entries: Map<string, unknown> | Set<string>, sizeMax: number): void {
  for (const key of entries.keys()) {
    if (entries.size <= sizeMax) return;
    entries.delete(key);
  }
}
