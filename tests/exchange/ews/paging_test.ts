import assert from "node:assert/strict";
import fc from "fast-check";
import { pageOf } from "./paging.ts";

Deno.test("pages from either end meet and show every entry once", () => {
  const count = fc.nat(40);
  const size = fc.integer({ min: 1, max: 9 });
  fc.assert(fc.property(count, size, size, fc.boolean(), (total, maxEntries, limit, fromEnd) => {
    const all = Array.from({ length: total }, (_, index) => index);
    const shown: number[] = [];
    for (let offset = 0;;) {
      const page = pageOf(all, { offset, fromEnd, maxEntries }, limit);
      shown.push(...(fromEnd ? page.entries.toReversed() : page.entries));
      assert.equal(page.total, total);
      assert(page.entries.length <= Math.min(maxEntries, limit));
      if (page.includesLast) break;
      offset = page.nextOffset!;
    }
    assert.deepEqual(shown, fromEnd ? all.toReversed() : all);
  }));
});

Deno.test("a page beyond the end is empty and the last", () => {
  const page = pageOf([1, 2, 3], { offset: 10, fromEnd: false, maxEntries: 5 }, 1000);
  assert.deepEqual([page.entries, page.includesLast], [[], true]);
});

Deno.test("views that show nothing by their own words are errors", () => {
  const view = { offset: 0, fromEnd: false, maxEntries: 0 };
  assert.throws(() => pageOf([1], view, 10), { code: "ErrorInvalidPagingMaxRows" });
  assert.throws(() => pageOf([1], { ...view, maxEntries: 1, offset: -1 }, 10), {
    code: "ErrorInvalidIndexedPagingParameters",
  });
});
