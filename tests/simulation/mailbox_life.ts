import type { Entropy } from "../../src/core/env.ts";
import type { Item } from "../exchange/items.ts";
import { bytesOf, mimeOf } from "../exchange/mime_source.ts";
import type { SimulatedFolder, SimulatedMailbox } from "../exchange/simulated_mailbox.ts";

const NAMES = ["Kunden", "2024", "a/b", "..", "x".repeat(200), "受信", "Ünïcode", "résumé 📎"];
const MINUTE_MS = 60_000;
const STOCK = 20;
const STOCK_TIMES = 8;
const STOCK_AGE_MS = 8 * 60 * MINUTE_MS;
/** Begins the text of every email: a log that has it has content. */
export const CONTENT = "Confidential";
/** Scanners exchange attachments soon after an email came; an hour later nobody looks (spec 3). */
const SCANNED_WITHIN_MS = 5 * MINUTE_MS;

export interface LifeOptions {
  readonly entropy: Entropy;
  readonly now: () => Date;
  /** Whether the content of emails changes where they lie. */
  readonly changesContent: boolean;
}

/** What people and rules do to a mailbox over the years, by chance. */
export class MailboxLife {
  readonly #mailbox: SimulatedMailbox;
  readonly #entropy: Entropy;
  readonly #now: () => Date;
  readonly #changesContent: boolean;
  /** Search keys of emails that have copies: those share one place, whatever becomes of them. */
  readonly #copied = new Set<string>();
  readonly #scanned = new Set<string>();
  readonly #arrived: Item[] = [];
  #emails = 0;

  constructor(mailbox: SimulatedMailbox, { entropy, now, changesContent }: LifeOptions) {
    this.#mailbox = mailbox;
    this.#entropy = entropy;
    this.#now = now;
    this.#changesContent = changesContent;
  }

  /** Every email that ever came, as it came. */
  get arrived(): readonly Item[] {
    return this.#arrived;
  }

  /** The inbox holds some older mail, several emails of one time among it. */
  stock(): void {
    const inbox = this.#mailbox.distinguishedFolder("inbox");
    for (let n = 0; n < STOCK; n++) {
      const ageMs = STOCK_AGE_MS + Math.floor(this.#entropy.next() * STOCK_TIMES) * MINUTE_MS;
      this.#receive(inbox, wholeMinute(new Date(this.#now().getTime() - ageMs)));
    }
  }

  /** An email comes into the inbox now. */
  arrive(): Item {
    return this.#receive(this.#mailbox.distinguishedFolder("inbox"), this.#now());
  }

  /** One thing happens. */
  happen(): void {
    const actions = [
      () => this.#deliver(),
      () => this.#deliver(),
      () => this.#deliver(),
      () => this.#move(),
      () => this.#copy(),
      () => this.#delete(),
      () => this.#read(),
      () => this.#scan(),
      () => this.#createFolder(),
      () => this.#renameFolder(),
      () => this.#moveFolder(),
      () => this.#deleteFolder(),
      () => this.#mailbox.invalidateSyncStates(this.#folder().id),
    ];
    this.#pick(actions)();
  }

  /** Mail arrives now, or lands from an archive with an older received time. */
  #deliver(): void {
    const ageMs = this.#chance(0.3) ? Math.floor(this.#entropy.next() * 600) * MINUTE_MS : 0;
    const receivedAt = this.#chance(0.03) ? undefined : new Date(this.#now().getTime() - ageMs);
    this.#receive(
      this.#folder(),
      receivedAt && this.#chance(0.5) ? wholeMinute(receivedAt) : receivedAt,
    );
  }

  #receive(folder: SimulatedFolder, receivedAt: Date | undefined): Item {
    const number = this.#emails++;
    const messageId = this.#chance(0.1) ? "" : `Message-ID: <${number % 40}@sim>\n`;
    const mime = mimeOf(
      `${messageId}Date: ${this.#now().toUTCString()}\nSubject: ${number}\n\n` +
        `${CONTENT} ${number}\n`,
    );
    // When it came is the store's own doing, whatever an archive states.
    const item = this.#mailbox.deliver(folder.id, mime, { receivedAt, modifiedAt: this.#now() });
    this.#arrived.push(item);
    return item;
  }

  #move(): void {
    const item = this.#item();
    if (item) this.#mailbox.move(item, this.#folder().id);
  }

  #copy(): void {
    const item = this.#item();
    const searchKey = item && this.#mailbox.item(item)?.searchKey;
    if (!item || !searchKey || this.#scanned.has(searchKey)) return;
    this.#copied.add(searchKey);
    this.#mailbox.copy(item, this.#folder().id);
  }

  /** A scanner exchanges the content of an email that has just come. */
  #scan(): void {
    if (!this.#changesContent) return;
    const since = new Date(this.#now().getTime() - SCANNED_WITHIN_MS);
    const fresh = this.#mailbox.itemsOf(this.#folder().id).filter(({ receivedAt, searchKey }) =>
      receivedAt && receivedAt >= since && searchKey && !this.#copied.has(searchKey)
    );
    const item = fresh.at(-1);
    if (!item?.searchKey || !item.mime) return;
    this.#scanned.add(item.searchKey);
    const added = "Scanned, and clean.\n";
    this.#mailbox.update(item.id, {
      mime: mimeOf(new TextDecoder().decode(bytesOf(item.mime)) + added),
      sizeBytes: item.sizeBytes + added.length,
    });
  }

  #delete(): void {
    const item = this.#item();
    if (item) this.#mailbox.delete(item);
  }

  #read(): void {
    const item = this.#item();
    if (item) this.#mailbox.setRead(item, this.#chance(0.5));
  }

  #createFolder(): void {
    const parent = this.#mailbox.pathOf(this.#folder().id);
    if (parent.length > 4) return;
    const path = [...parent, `${this.#pick(NAMES)} ${Math.floor(this.#entropy.next() * 100)}`];
    const siblings = this.#mailbox.childrenOf(this.#mailbox.folderAt(parent).id);
    if (!siblings.some(({ displayName }) => displayName === path.at(-1))) {
      this.#mailbox.createFolder(path);
    }
  }

  #renameFolder(): void {
    const folder = this.#ownFolder();
    if (folder) this.#mailbox.renameFolder(folder.id, `renamed ${this.#emails++}`);
  }

  #moveFolder(): void {
    const folder = this.#ownFolder();
    const target = this.#folder();
    if (!folder || folder.id === target.id) return;
    const below = this.#mailbox.descendantsOf(folder.id).some(({ id }) => id === target.id);
    // Exchange refuses a second one of that name.
    const isTaken = this.#mailbox.childrenOf(target.id)
      .some(({ displayName }) => displayName === folder.displayName);
    if (!below && !isTaken && this.#mailbox.pathOf(target.id).length < 4) {
      this.#mailbox.moveFolder(folder.id, target.id);
    }
  }

  #deleteFolder(): void {
    const folder = this.#ownFolder();
    if (folder && this.#chance(0.3)) this.#mailbox.deleteFolder(folder.id);
  }

  /** Any folder that is synced. */
  #folder(): SimulatedFolder {
    const roles = ["inbox", "sentitems", "deleteditems", "junkemail"] as const;
    return this.#ownFolder() ?? this.#mailbox.distinguishedFolder(this.#pick(roles));
  }

  /** A folder somebody made, if there is one; half the time. */
  #ownFolder(): SimulatedFolder | undefined {
    if (this.#chance(0.5)) return undefined;
    const root = this.#mailbox.distinguishedFolder("msgfolderroot");
    const own = this.#mailbox.descendantsOf(root.id)
      .filter(({ role, hidden, type }) => !role && !hidden && type === "folder");
    return own.length > 0 ? this.#pick(own) : undefined;
  }

  #item(): string | undefined {
    const items = this.#mailbox.itemsOf(this.#folder().id);
    return items.length > 0 ? this.#pick(items).id : undefined;
  }

  #chance(probability: number): boolean {
    return this.#entropy.next() < probability;
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#entropy.next() * from.length)]!;
  }
}

function wholeMinute(time: Date): Date {
  return new Date(Math.floor(time.getTime() / MINUTE_MS) * MINUTE_MS);
}
