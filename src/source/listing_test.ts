import assert from "node:assert/strict";
import fc from "fast-check";
import { LIMITS } from "../core/limits.ts";
import type { BackfillPosition } from "../core/sync_state.ts";
import type { FoundItem } from "./item_page.ts";
import { type Find, listItems } from "./listing.ts";

interface StoredItem {
  readonly itemId: string;
  readonly receivedAt?: Date;
  readonly createdAt: Date;
  /** Absent: when it was created. */
  readonly modifiedAt?: Date;
}

const SECOND = 1000;
const time = (seconds: number) => new Date(Date.UTC(2026, 0, 1) + seconds * SECOND);

/** A folder as Exchange answers for it; `pageMax` makes it give short pages. */
class SimulatedFolder {
  items: StoredItem[];
  requests = 0;
  readonly #pageMax: number;

  constructor(items: readonly StoredItem[], pageMax = Infinity) {
    this.items = [...items];
    this.#pageMax = pageMax;
  }

  readonly find: Find = ({ order, offset, limit }) => {
    this.requests++;
    assert.ok(offset >= 0 && limit >= 1 && limit <= LIMITS.listPageItemsMax);
    const key = (item: StoredItem) => {
      if (order.by === "modified") return item.modifiedAt ?? item.createdAt;
      if (order.by === "received") return item.receivedAt;
      return item.receivedAt ? undefined : item.createdAt;
    };
    const view = this.items
      .filter((item) => key(item) && (!order.from || key(item)! >= order.from))
      .filter((item) => !order.until || key(item)! < order.until)
      .sort((a, b) => key(a)!.getTime() - key(b)!.getTime());
    const page = view.slice(offset, offset + Math.min(limit, this.#pageMax));
    const items: FoundItem[] = page.map((item) => ({ itemId: item.itemId, time: key(item)! }));
    return Promise.resolve({ items, complete: offset + page.length >= view.length });
  };
}

interface Listing {
  readonly itemIds: readonly string[];
  readonly coveredUntil: readonly (Date | undefined)[];
}

/** Lists a folder to its end; `between` happens after each page. */
async function listAll(
  folder: SimulatedFolder,
  options: {
    order?: "received" | "modified";
    limit?: number;
    since?: Date | undefined;
    until?: Date | undefined;
    between?: () => void;
  } = {},
): Promise<Listing> {
  const { order = "received", limit = LIMITS.listPageItemsMax, since, until, between } = options;
  const itemIds: string[] = [];
  const coveredUntil: (Date | undefined)[] = [];
  let position: BackfillPosition | undefined;
  for (let pages = 0;; pages++) {
    assert.ok(pages < 200, "the listing ends");
    const page = await listItems(folder.find, { order, position, since, until, limit });
    assert.ok(page.itemIds.length <= limit);
    itemIds.push(...page.itemIds);
    coveredUntil.push(page.coveredUntil);
    if (!page.next) return { itemIds, coveredUntil };
    position = page.next;
    between?.();
  }
}

function items(...seconds: readonly (number | undefined)[]): StoredItem[] {
  return seconds.map((second, i) => ({
    itemId: `${i}@${second}`,
    createdAt: time(1000 - i),
    ...(second === undefined ? {} : { receivedAt: time(second) }),
  }));
}

Deno.test("an empty folder takes two requests and ends", async () => {
  const folder = new SimulatedFolder([]);
  assert.deepEqual(
    await listItems(folder.find, {
      order: "received",
      position: undefined,
      since: undefined,
      limit: 9,
    }),
    {
      itemIds: [],
    },
  );
  assert.equal(folder.requests, 2);
});

Deno.test("items without received time come first, by creation, then all others, oldest first", async () => {
  const folder = new SimulatedFolder(items(5, undefined, 3, undefined, 4));
  for (const limit of [1, 2, 3, 10]) {
    const { itemIds } = await listAll(folder, { limit });
    assert.deepEqual(
      itemIds,
      ["3@undefined", "1@undefined", "2@3", "4@4", "0@5"],
      `limit ${limit}`,
    );
  }
});

Deno.test("only what is not older than `since` is listed, by creation where nothing was received", async () => {
  const folder = new SimulatedFolder([
    { itemId: "old", receivedAt: time(1), createdAt: time(9) },
    { itemId: "exact", receivedAt: time(5), createdAt: time(1) },
    { itemId: "unreceived old", createdAt: time(4) },
    { itemId: "unreceived new", createdAt: time(5) },
  ]);
  assert.deepEqual((await listAll(folder, { since: time(5) })).itemIds, [
    "unreceived new",
    "exact",
  ]);
});

Deno.test("a range ends before `until`, and the listing with it", async () => {
  const folder = new SimulatedFolder(items(1, 2, 2, 3, 4, undefined));
  for (const limit of [1, 2, 9]) {
    const { itemIds } = await listAll(folder, { limit, since: time(2), until: time(4) });
    assert.deepEqual(itemIds, ["1@2", "2@2", "3@3"], `limit ${limit}`);
  }
});

Deno.test("by modification there is one order, and every item is in it", async () => {
  const folder = new SimulatedFolder([
    { itemId: "moved here", receivedAt: time(1), createdAt: time(1), modifiedAt: time(9) },
    { itemId: "never received", createdAt: time(7) },
    { itemId: "untouched", receivedAt: time(5), createdAt: time(5) },
  ]);
  for (const limit of [1, 2, 9]) {
    const { itemIds } = await listAll(folder, { order: "modified", limit, since: time(6) });
    assert.deepEqual(itemIds, ["never received", "moved here"], `limit ${limit}`);
  }
});

Deno.test("a position says how many items of its received time are handed out", async () => {
  const folder = new SimulatedFolder(items(1, 2, 2, 2, 3));
  const page = await listItems(folder.find, {
    order: "received",
    position: undefined,
    since: undefined,
    limit: 3,
  });
  const second = { receivedAt: time(2), settledAtThatTime: 2, lastItemId: "2@2" };
  assert.deepEqual(page, { itemIds: ["0@1", "1@2", "2@2"], next: second, coveredUntil: time(2) });
  const rest = await listItems(folder.find, {
    order: "received",
    position: second,
    since: undefined,
    limit: 1,
  });
  assert.deepEqual(rest, {
    itemIds: ["3@2"],
    next: { receivedAt: time(2), settledAtThatTime: 3, lastItemId: "3@2" },
    coveredUntil: time(2),
  });
});

Deno.test("the received time is listed anew where the last item is no longer at its place", async () => {
  const folder = new SimulatedFolder(items(1, 2, 2, 2, 3));
  const position = { receivedAt: time(2), settledAtThatTime: 2, lastItemId: "2@2" };
  folder.items = folder.items.filter(({ itemId }) => itemId !== "1@2");
  const page = await listItems(folder.find, {
    order: "received",
    position,
    since: undefined,
    limit: 9,
  });
  assert.deepEqual(page.itemIds, ["2@2", "3@2", "4@3"]);
  folder.items = folder.items.filter(({ receivedAt }) => receivedAt! < time(2));
  const empty = await listItems(folder.find, {
    order: "received",
    position,
    since: undefined,
    limit: 9,
  });
  assert.deepEqual(empty, { itemIds: [], coveredUntil: time(2) });
});

Deno.test("times at the edges of what Exchange can store survive", async () => {
  const oldest = new Date("1601-01-01T00:00:00Z");
  const newest = new Date("2100-01-01T00:00:00Z");
  const folder = new SimulatedFolder([
    { itemId: "new", receivedAt: newest, createdAt: newest },
    { itemId: "old", receivedAt: oldest, createdAt: oldest },
    { itemId: "old 2", receivedAt: oldest, createdAt: oldest },
  ]);
  const { itemIds, coveredUntil } = await listAll(folder, { limit: 1 });
  assert.deepEqual(itemIds, ["old", "old 2", "new"]);
  assert.deepEqual(coveredUntil.at(-1), newest);
});

Deno.test("an empty page that is not the last is an error, not an endless loop", async () => {
  const find: Find = () => Promise.resolve({ items: [], complete: false });
  await assert.rejects(
    listItems(find, { order: "received", position: undefined, since: undefined, limit: 9 }),
    {
      code: "ResponseIncomplete",
      kind: "retryable",
    },
  );
});

Deno.test("more items than were asked for are not lost", async () => {
  const folder = new SimulatedFolder(items(1, 2, 3, 4, 5));
  const generous: Find = (request) => folder.find({ ...request, limit: 250 });
  const { itemIds } = await listAll(Object.assign(new SimulatedFolder([]), { find: generous }), {
    limit: 2,
  });
  assert.deepEqual(itemIds, ["0@1", "1@2", "2@3", "3@4", "4@5"]);
});

// Goal: rule 2 of how a folder is followed. Method: any folder, page sizes of both sides at random,
// items that vanish between pages. Every item that stays must be listed, and in order where nothing
// vanishes; what is claimed as covered must have been listed.
Deno.test("whatever vanishes meanwhile, every item that stays is listed", async () => {
  const anyItem = fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined });
  await fc.assert(fc.asyncProperty(
    fc.array(anyItem, { maxLength: 40 }),
    fc.integer({ min: 1, max: 8 }),
    fc.integer({ min: 1, max: 8 }),
    fc.array(fc.nat(50), { maxLength: 10 }),
    async (seconds, limit, pageMax, vanishing) => {
      const all = items(...seconds);
      const folder = new SimulatedFolder(all, pageMax);
      const victims = [...vanishing];
      const between = () => {
        const victim = victims.shift();
        if (victim !== undefined) folder.items.splice(victim, 1);
      };
      const { itemIds, coveredUntil } = await listAll(folder, { limit, between });
      const listed = new Set(itemIds);
      for (const { itemId } of folder.items) assert.ok(listed.has(itemId), itemId);
      if (vanishing.length === 0) assert.equal(itemIds.length, all.length, "nothing repeats");
      const times = coveredUntil.filter((until) => until !== undefined);
      assert.deepEqual(times, times.toSorted((a, b) => a.getTime() - b.getTime()));
    },
  ));
});
