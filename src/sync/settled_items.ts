import { createHash } from "node:crypto";
import { LIMITS } from "../core/limits.ts";
import type { FolderOf } from "../core/ports.ts";

/**
 * Where the items lay that this process settled last, of all mailboxes. A source that cannot tell what
 * arrived from what changed (`Change.kind`) shows an item again: if it was settled last in that very
 * folder, it has changed there. What is forgotten, or was settled by another process, counts as
 * arrived. Bounded; who was settled longest ago is forgotten first.
 */
export class SettledItems {
  readonly #max: number;
  /** Digests of folders by digests of items: a hundred bytes for each, where the ids take several. */
  readonly #folders = new Map<string, string>();

  constructor(max: number = LIMITS.settledItemsMax) {
    this.#max = max;
  }

  note(at: FolderOf, itemIds: readonly string[]): void {
    const folder = folderNameOf(at);
    for (const itemId of itemIds) {
      const item = itemNameOf(at, itemId);
      this.#folders.delete(item);
      this.#folders.set(item, folder);
      if (this.#folders.size <= this.#max) continue;
      const [oldest = item] = this.#folders.keys();
      this.#folders.delete(oldest);
    }
  }

  /** Whether an item was settled in this folder, and nowhere else since. */
  has(at: FolderOf, itemId: string): boolean {
    return this.#folders.get(itemNameOf(at, itemId)) === folderNameOf(at);
  }

  /** Items left this folder: what is shown there again has arrived again. */
  forget(at: FolderOf, itemIds: readonly string[]): void {
    for (const itemId of itemIds) {
      if (this.has(at, itemId)) this.#folders.delete(itemNameOf(at, itemId));
    }
  }
}

/** As long as two items never share by chance. */
function itemNameOf({ mailbox }: FolderOf, itemId: string): string {
  return digestOf([mailbox.address, itemId]).slice(0, 22);
}

function folderNameOf({ folder }: FolderOf): string {
  return digestOf([folder.id]).slice(0, 8);
}

function digestOf(names: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(names)).digest("base64");
}
