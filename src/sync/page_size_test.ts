import assert from "node:assert/strict";
import fc from "fast-check";
import { LIMITS } from "../core/limits.ts";
import { PageSize } from "./page_size.ts";

const { listPageItemsMin, listPageItemsMax, listPageMs } = LIMITS;

/** The sizes of pages that are settled at a speed, one after the other. */
function sizesAt(msPerItem: number, pages: number, size = new PageSize()): readonly number[] {
  return Array.from({ length: pages }, () => {
    const { items } = size;
    size.settled(items, items * msPerItem);
    return items;
  });
}

Deno.test("pages grow from the smallest to the largest while they are settled quickly", () => {
  assert.deepEqual(sizesAt(1, 7), [10, 20, 40, 80, 160, 250, 250]);
});

Deno.test("at any speed a page soon takes as long as it may, unless even the smallest is longer", () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 5_000 }), (msPerItem) => {
    const last = sizesAt(msPerItem, 10).at(-1)!;
    assert.ok(last === listPageItemsMin || last * msPerItem <= listPageMs);
    const next = Math.min(2 * last, last + 1);
    assert.ok(last === listPageItemsMax || next * msPerItem > listPageMs, `${last}`);
  }));
});

Deno.test("when a server becomes slow, one page is enough to notice", () => {
  const size = new PageSize();
  sizesAt(1, 9, size);
  size.settled(250, 25_000);
  assert.equal(size.items, 50);
});

Deno.test("the short last page of a folder says nothing against large ones, unless it was slow", () => {
  const size = new PageSize();
  sizesAt(1, 9, size);
  size.settled(3, 900);
  assert.equal(size.items, 250);
  size.settled(30, 2 * listPageMs);
  assert.equal(size.items, 15);
});

Deno.test("a page that was listed before the size grew does not make it grow again", () => {
  const size = new PageSize();
  size.settled(10, 1);
  size.settled(10, 1);
  assert.equal(size.items, 20);
});
