import type { Mailbox } from "../../src/core/mailbox.ts";
import type { MailboxStore } from "../exchange/mailbox_store.ts";
import type { OtherNames, SourceItem } from "./other_api_source.ts";

interface Known extends SourceItem {
  readonly searchKey: string;
  readonly immutableId: string;
}

/**
 * Item ids that are kept on moves, told from the model by looking at it after each thing that
 * happens: an id that is new while another of the same email is gone has been moved.
 */
export class ImmutableIds implements OtherNames {
  readonly #store: MailboxStore;
  #present = new Map<string, Known>();
  /** By the ids of EWS, also of items that are no more. */
  readonly #immutableIds = new Map<string, string>();

  constructor(store: MailboxStore) {
    this.#store = store;
  }

  /** To be called after each thing that happens to the mailboxes. */
  observe(): void {
    const items = this.#store.mailboxes().flatMap((mailbox) => {
      const root = mailbox.distinguishedFolder("msgfolderroot");
      return mailbox.descendantsOf(root.id).flatMap(({ id, type }) =>
        type === "folder" ? mailbox.itemsOf(id) : []
      );
    });
    const ids = new Set(items.map(({ id }) => id));
    const gone = [...this.#present.values()].filter(({ id }) => !ids.has(id));
    this.#present = new Map(items.map(({ id, folderId, searchKey }) => {
      const before = this.#present.get(id) ?? gone.find((one) => one.searchKey === searchKey);
      const immutableId = before?.immutableId ?? `immutable-${this.#immutableIds.size}`;
      this.#immutableIds.set(id, immutableId);
      return [id, { id, folderId, searchKey, immutableId }];
    }));
  }

  itemIdOf(_: Mailbox, itemId: string): string {
    const id = this.#immutableIds.get(itemId);
    if (id === undefined) throw new Error("An item that was never there");
    return id;
  }

  sourceItemOf(_: Mailbox, itemId: string): SourceItem | undefined {
    return [...this.#present.values()].find(({ immutableId }) => immutableId === itemId);
  }

  roleOf({ address }: Mailbox, folderId: string): string | undefined {
    return this.#store.mailbox(address)?.folder(folderId)?.role;
  }
}
