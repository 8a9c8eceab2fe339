import type { Entropy } from "../../src/core/env.ts";
import type { Damage, DamageCode, DamagedPart } from "../exchange/damage.ts";
import type { Item } from "../exchange/items.ts";
import type { SimulatedMailbox } from "../exchange/simulated_mailbox.ts";

/** What can be wrong with a mailbox's store. */
export const TROUBLES = ["damage", "phantom", "unsortable"] as const;

export type Trouble = (typeof TROUBLES)[number];

/** Bounds of what is wrong at a time: where most of a mailbox is, it is rightly suspended. */
const DAMAGED_MAX = 5;
const PHANTOMS_MAX = 3;

const CODES: readonly DamageCode[] = [
  "ErrorMimeContentConversionFailed",
  "ErrorContentConversionFailed",
  "ErrorItemCorrupt",
  "ErrorCorruptData",
  "ErrorUnsupportedMimeConversion",
  "ErrorMessageSizeExceeded",
];
const PARTS: readonly (readonly DamagedPart[])[] = [
  ["mime"],
  ["mime", "body"],
  ["mime", "attachments"],
  ["mime", "body", "attachments"],
  ["properties"],
];

export interface StoreTroubleOptions {
  readonly entropy: Entropy;
  readonly kinds: readonly Trouble[];
}

/** What goes wrong in a mailbox's store, and is mended, by chance. No client is told of any of it. */
export class StoreTrouble {
  readonly #mailbox: SimulatedMailbox;
  readonly #entropy: Entropy;
  readonly #kinds: readonly Trouble[];

  constructor(mailbox: SimulatedMailbox, { entropy, kinds }: StoreTroubleOptions) {
    this.#mailbox = mailbox;
    this.#entropy = entropy;
    this.#kinds = kinds;
  }

  /** One thing goes wrong, or is mended; tells of what kind, if there is any. */
  happen(): Trouble | undefined {
    if (this.#kinds.length === 0) return undefined;
    const kind = this.#pick(this.#kinds);
    switch (kind) {
      case "damage":
        if (this.#entropy.next() < 0.6) this.#damage();
        else this.#mend();
        break;
      case "phantom":
        this.#makePhantom();
        break;
      case "unsortable":
        this.#turnSorting();
        break;
    }
    return kind;
  }

  /** What cannot be read at the moment, by item id. */
  damages(): ReadonlyMap<string, Damage> {
    const damaged = this.#items().filter((item) => item.damage);
    return new Map(damaged.map(({ id, damage }) => [id, damage!]));
  }

  /** Everything can be read again; listings may go on to fail. */
  mendAll(): void {
    for (const item of this.#items()) if (item.damage) this.#setDamage(item, undefined);
  }

  #damage(): void {
    const items = this.#items();
    const damaged = new Set(items.filter((item) => item.damage).map((item) => item.searchKey));
    if (items.length === 0 || damaged.size >= DAMAGED_MAX) return;
    // Mostly what has just come: what is delivered already need not be read again.
    const fresh = items.toSorted((a, b) => a.changeNumber - b.changeNumber).slice(-5);
    const item = this.#pick(this.#entropy.next() < 0.8 ? fresh : items);
    this.#setDamage(item, { code: this.#pick(CODES), parts: this.#pick(PARTS) });
  }

  #mend(): void {
    const damaged = this.#items().filter((item) => item.damage);
    if (damaged.length > 0) this.#setDamage(this.#pick(damaged), undefined);
  }

  /** Copies share one place in the destination, so what holds for one of them holds for all. */
  #setDamage({ searchKey }: Item, damage: Damage | undefined): void {
    for (const item of this.#items()) {
      if (item.searchKey !== searchKey || item.isPhantom) continue;
      if (damage) this.#mailbox.damage(item.id, damage);
      else this.#mailbox.mend(item.id);
    }
  }

  #makePhantom(): void {
    const items = this.#items();
    const phantoms = items.filter(({ isPhantom }) => isPhantom).length;
    if (items.length > 0 && phantoms < PHANTOMS_MAX) {
      this.#mailbox.makePhantom(this.#pick(items).id);
    }
  }

  #turnSorting(): void {
    const folder = this.#pick(this.#folders());
    this.#mailbox.setSortable(folder.id, folder.isUnsortable ?? false);
  }

  #folders() {
    const root = this.#mailbox.distinguishedFolder("msgfolderroot");
    return this.#mailbox.descendantsOf(root.id).filter(({ type }) => type === "folder");
  }

  #items(): readonly Item[] {
    return this.#folders().flatMap(({ id }) => this.#mailbox.itemsOf(id));
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#entropy.next() * from.length)]!;
  }
}
