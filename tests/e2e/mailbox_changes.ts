import { corpusEmails } from "../exchange/corpus.ts";
import { freshEmail } from "../exchange/corpus_delivery.ts";
import type { Item } from "../exchange/items.ts";
import { seededEntropy } from "../exchange/seeded_entropy.ts";
import type { SimulatedMailbox } from "../exchange/simulated_mailbox.ts";

/** What people do to a mailbox within minutes. */
export class MailboxChanges {
  readonly #mailbox: SimulatedMailbox;
  readonly #entropy = seededEntropy(7);
  /** Deleted emails: they may be on disk or not. */
  readonly deleted = new Set<string>();
  /**
   * Emails of a folder that got another path: what was delivered keeps the old one, and so does what
   * a round delivers that had listed the folders before.
   */
  readonly pathKept = new Map<string, readonly string[]>();

  constructor(mailbox: SimulatedMailbox) {
    this.#mailbox = mailbox;
  }

  /** Half of everything; `folders` differ, so that each half finds folders that are as they were. */
  happen(folders: { renamed: string[]; moved: string[]; deleted: string[]; created: string[] }) {
    const mailbox = this.#mailbox;
    const inbox = mailbox.distinguishedFolder("inbox").id;
    const renamed = mailbox.folderAt(folders.renamed);
    this.#keepPaths(renamed.id);
    mailbox.renameFolder(renamed.id, "umbenannt");
    const moved = mailbox.folderAt(folders.moved);
    this.#keepPaths(moved.id);
    mailbox.moveFolder(moved.id, mailbox.distinguishedFolder("deleteditems").id);
    const gone = mailbox.folderAt(folders.deleted);
    for (const { searchKey } of this.#below(gone.id)) this.deleted.add(searchKey!);
    mailbox.deleteFolder(gone.id);
    const created = mailbox.createFolder(folders.created);
    const targets = [
      { id: inbox },
      { id: renamed.id, before: folders.renamed },
      { id: moved.id, before: folders.moved },
      { id: created.id },
    ];
    for (let n = 0; n < 25; n++) {
      const email = corpusEmails()[n]!;
      const mime = freshEmail(email, new Date(Date.UTC(2026, 0, 1, 0, n)), this.#entropy);
      const { id, before } = targets[n % targets.length]!;
      const { searchKey } = mailbox.deliver(id, mime);
      if (before) this.pathKept.set(searchKey!, before);
    }
    // The corpus lies years back: what moves is older than everything delivered just now.
    const old = mailbox.itemsOf(inbox).filter(({ receivedAt }) =>
      receivedAt!.getUTCFullYear() < 2003
    );
    for (const [n, item] of old.slice(0, 10).entries()) {
      mailbox.move(item.id, [created.id, mailbox.distinguishedFolder("sentitems").id][n % 2]!);
    }
    for (const item of old.slice(10, 13)) {
      this.deleted.add(item.searchKey!);
      mailbox.delete(item.id);
    }
  }

  #keepPaths(folderId: string): void {
    for (const { id } of [{ id: folderId }, ...this.#mailbox.descendantsOf(folderId)]) {
      const path = this.#mailbox.pathOf(id);
      for (const { searchKey } of this.#mailbox.itemsOf(id)) this.pathKept.set(searchKey!, path);
    }
  }

  #below(folderId: string): readonly Item[] {
    return [{ id: folderId }, ...this.#mailbox.descendantsOf(folderId)]
      .flatMap(({ id }) => this.#mailbox.itemsOf(id));
  }
}
