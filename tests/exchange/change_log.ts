/** What happened to an item in its folder. */
export type ChangeKind = "create" | "update" | "delete" | "readFlag";

export interface ItemChange {
  readonly kind: ChangeKind;
  readonly itemId: string;
}

/**
 * The change numbers a client has been told about: ascending, disjoint, both ends included.
 * The incremental synchronisation of Exchange keeps the like (MS-OXCFXICS, CNSET).
 */
export type SeenChanges = readonly (readonly [from: number, to: number])[];

export interface ChangesAfter {
  readonly changes: readonly ItemChange[];
  readonly seen: SeenChanges;
  /** No change waits behind this page. */
  readonly complete: boolean;
}

interface Entry extends ItemChange {
  readonly changeNumber: number;
}

/**
 * Everything that ever happened in one folder, so that it can answer a client of any age.
 *
 * A client hears of each item once, as what became of it since: nothing of one created and deleted
 * meanwhile, a creation of one created and changed. Newest first, like Exchange since 2010 SP2; what
 * happens while a client pages through is told with its next page.
 */
export class ChangeLog {
  readonly #entries: Entry[] = [];
  readonly #entriesOfItem = new Map<string, Entry[]>();

  /** Change numbers must ascend. */
  record(kind: ChangeKind, itemId: string, changeNumber: number): void {
    const entry = { kind, itemId, changeNumber };
    this.#entries.push(entry);
    const history = this.#entriesOfItem.get(itemId);
    if (history) history.push(entry);
    else this.#entriesOfItem.set(itemId, [entry]);
  }

  /** The next page, at most `limit` changes, for a client that has `seen` the rest. */
  changesAfter(seen: SeenChanges, limit: number, ignored: ReadonlySet<string>): ChangesAfter {
    const changes: ItemChange[] = [];
    const top = this.#entries.at(-1)?.changeNumber ?? 0;
    for (let index = this.#entries.length - 1; index >= 0; index--) {
      const entry = this.#entries[index]!;
      const range = rangeAround(seen, entry.changeNumber);
      if (range) {
        index = this.#firstIndexFrom(range[0]); // the loop steps below it
        continue;
      }
      const change = this.#outcome(entry, seen);
      if (!change || ignored.has(change.itemId)) continue;
      if (changes.length === limit) {
        return { changes, seen: withRange(seen, [entry.changeNumber + 1, top]), complete: false };
      }
      changes.push(change);
    }
    return { changes, seen: top > 0 ? [[1, top]] : [], complete: true };
  }

  /** What an entry means to a client; undefined where a later entry or nothing tells it. */
  #outcome(entry: Entry, seen: SeenChanges): ItemChange | undefined {
    const history = this.#entriesOfItem.get(entry.itemId)!;
    if (history.at(-1) !== entry) return undefined;
    const isSeen = (past: Entry) => rangeAround(seen, past.changeNumber) !== undefined;
    const lastSeen = history.findLast(isSeen);
    const isKnown = lastSeen !== undefined && lastSeen.kind !== "delete";
    const { itemId } = entry;
    const unseen = history.filter((past) => !isSeen(past));
    if (!isKnown) return entry.kind === "delete" ? undefined : { kind: "create", itemId };
    // Also of one that came back: only immutable ids can, and Exchange never tells of the return.
    if (unseen.some((past) => past.kind === "delete")) return { kind: "delete", itemId };
    const onlyRead = unseen.every((past) => past.kind === "readFlag");
    return { kind: onlyRead ? "readFlag" : "update", itemId };
  }

  /** Index of the first entry whose change number is at least `changeNumber`. */
  #firstIndexFrom(changeNumber: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#entries[middle]!.changeNumber < changeNumber) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function rangeAround(seen: SeenChanges, changeNumber: number) {
  return seen.find(([from, to]) => from <= changeNumber && changeNumber <= to);
}

/** `seen` and one more range that ends at or above all of them. */
function withRange(seen: SeenChanges, added: readonly [number, number]): SeenChanges {
  const below = seen.filter(([, to]) => to < added[0] - 1);
  const merged = seen.find(([from, to]) => from < added[0] && to >= added[0] - 1);
  return [...below, merged ? [merged[0], added[1]] : added];
}
