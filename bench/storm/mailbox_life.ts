import type { Clock, Entropy } from "../../src/core/env.ts";
import { type ExpectedMail, mailOf } from "../../tests/e2e/expected_mail.ts";
import { corpusEmails } from "../../tests/exchange/corpus.ts";
import { freshEmail } from "../../tests/exchange/corpus_delivery.ts";
import type { Item } from "../../tests/exchange/items.ts";
import type { SimulatedFolder, SimulatedMailbox } from "../../tests/exchange/simulated_mailbox.ts";
import { oneOf } from "./swarm.ts";
import { Tally } from "./tally.ts";

export interface MailboxLifeOptions {
  readonly mailboxes: readonly SimulatedMailbox[];
  readonly clock: Clock;
  readonly entropy: Entropy;
}

type Deed = "deliver" | "burst" | "move" | "away" | "delete" | "read" | "rename" | "damage";

/** How often of a hundred times each of it happens. */
const WEIGHTS: Readonly<Record<Deed, number>> = {
  deliver: 60,
  burst: 4,
  move: 10,
  away: 5,
  delete: 6,
  read: 10,
  rename: 3,
  damage: 2,
};
const BURST_EMAILS = 12;
const ROLES: ReadonlySet<string | undefined> = new Set([
  "inbox",
  "sentitems",
  "deleteditems",
  "junkemail",
  undefined,
]);

/** An item that goes back to where it came from. */
interface Away {
  readonly mailbox: SimulatedMailbox;
  readonly itemId: string;
  readonly homeId: string;
}

/** What people, and a store that ages, do to mailboxes while they are synced; the same for one seed. */
export class MailboxLife {
  /** What happened. */
  readonly counts = new Tally();
  /** Emails that were deleted: they may have been delivered before. */
  readonly deleted: ExpectedMail[] = [];
  readonly #options: MailboxLifeOptions;
  readonly #away: Away[] = [];
  #renames = 0;

  constructor(options: MailboxLifeOptions) {
    this.#options = options;
  }

  /** Lets one thing happen, and then another each `everyMs`, until `signal` is aborted. */
  async goOn(everyMs: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      this.#step();
      await clock.sleep(everyMs, { signal }).catch(() => undefined);
    }
  }

  /** Repairs what has become unreadable: from now on all of it can be had. */
  mend(): void {
    for (const mailbox of this.#options.mailboxes) {
      for (const folder of foldersOf(mailbox)) {
        for (const item of mailbox.itemsOf(folder.id)) if (item.damage) mailbox.mend(item.id);
      }
    }
  }

  #step(): void {
    const { mailboxes, entropy } = this.#options;
    const mailbox = oneOf(mailboxes, entropy);
    const deed = this.#chosen();
    this.counts.count(deed);
    this.#bringBack();
    if (deed === "deliver") this.#deliver(mailbox, 1);
    else if (deed === "burst") this.#deliver(mailbox, BURST_EMAILS);
    else if (deed === "rename") this.#rename(mailbox);
    else this.#doTo(mailbox, deed);
  }

  #chosen(): Deed {
    let left = this.#options.entropy.next() * 100;
    const deeds = Object.entries(WEIGHTS) as readonly (readonly [Deed, number])[];
    return deeds.find(([, weight]) => (left -= weight) < 0)?.[0] ?? "deliver";
  }

  #deliver(mailbox: SimulatedMailbox, emails: number): void {
    const { clock, entropy } = this.#options;
    const isToInbox = entropy.next() < 0.7;
    const folder = isToInbox
      ? mailbox.distinguishedFolder("inbox")
      : oneOf(foldersOf(mailbox), entropy);
    for (let n = 0; n < emails; n++) {
      mailbox.deliver(folder.id, freshEmail(oneOf(corpusEmails(), entropy), clock.now(), entropy));
    }
  }

  #rename(mailbox: SimulatedMailbox): void {
    const named = foldersOf(mailbox).filter(({ role }) => role === undefined);
    if (named.length === 0) return;
    const { id, displayName } = oneOf(named, this.#options.entropy);
    const base = displayName.replace(/ \(renamed \d+\)$/, "");
    mailbox.renameFolder(id, `${base} (renamed ${++this.#renames})`);
  }

  #doTo(mailbox: SimulatedMailbox, deed: "move" | "away" | "delete" | "read" | "damage"): void {
    const { entropy } = this.#options;
    const folders = foldersOf(mailbox);
    const full = folders.filter(({ id }) => mailbox.itemsOf(id).length > 0);
    if (full.length === 0) return;
    const from = oneOf(full, entropy);
    const item = oneOf(mailbox.itemsOf(from.id), entropy);
    switch (deed) {
      case "move":
        return void mailbox.move(item.id, oneOf(folders, entropy).id);
      case "away": {
        const { id } = mailbox.move(item.id, oneOf(folders, entropy).id);
        return void this.#away.push({ mailbox, itemId: id, homeId: from.id });
      }
      case "delete":
        return this.#delete(mailbox, from, item);
      case "read":
        return mailbox.setRead(item.id, !item.isRead);
      case "damage":
        return mailbox.damage(item.id, { code: "ErrorMimeContentConversionFailed" });
    }
  }

  /** One of those that are away goes home, now and then: it was A→B, and is A again. */
  #bringBack(): void {
    if (this.#options.entropy.next() < 0.7) return;
    const back = this.#away.shift();
    // It may have been moved on or deleted meanwhile.
    if (back?.mailbox.item(back.itemId)) back.mailbox.move(back.itemId, back.homeId);
  }

  #delete(mailbox: SimulatedMailbox, { id }: SimulatedFolder, item: Item): void {
    const folder = mailbox.pathOf(id);
    this.deleted.push(mailOf({ mailbox: mailbox.address, folder, item }));
    mailbox.delete(item.id);
  }
}

/** Those that hold mail and are synced. */
function foldersOf(mailbox: SimulatedMailbox): readonly SimulatedFolder[] {
  return mailbox.descendantsOf(mailbox.distinguishedFolder("msgfolderroot").id)
    .filter(({ role, folderClass, type, hidden }) =>
      ROLES.has(role) && folderClass === "IPF.Note" && type === "folder" && !hidden
    );
}
