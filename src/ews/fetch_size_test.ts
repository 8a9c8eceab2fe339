import assert from "node:assert/strict";
import fc from "fast-check";
import { LIMITS } from "../core/limits.ts";
import { FetchSize } from "./fetch_size.ts";

const { fetchItemsMin, fetchItemsMax, fetchSoonMs, fetchLateMs } = LIMITS;

Deno.test("requests grow while full ones are answered soon, and shrink with the first late one", () => {
  const size = new FetchSize();
  const sizes: number[] = [];
  for (const tookMs of [30, 30, 30, fetchLateMs, fetchLateMs + 1, fetchLateMs + 1, fetchSoonMs]) {
    sizes.push(size.items);
    size.answered(size.items, tookMs);
  }
  assert.deepEqual(sizes, [10, 20, 40, 40, 40, 20, 10]);
});

Deno.test("requests that fail shrink the next, down to ten", () => {
  const size = new FetchSize();
  for (let count = 0; count < 3; count++) size.answered(size.items, 1);
  const sizes = [1, 2, 3].map(() => (size.failed(), size.items));
  assert.deepEqual(sizes, [20, 10, 10]);
});

Deno.test("an answer to a request that was not full says nothing about full ones", () => {
  const size = new FetchSize();
  size.answered(fetchItemsMin - 1, 1);
  assert.equal(size.items, fetchItemsMin);
});

Deno.test("a server that takes the same time for each item is asked for as many as it can", () => {
  for (const [itemMs, expected] of [[1, 40], [15, 40], [30, 20], [35, 20], [45, 10], [300, 10]]) {
    const size = new FetchSize();
    for (let count = 0; count < 20; count++) size.answered(size.items, size.items * itemMs!);
    assert.equal(size.items, expected, `${itemMs} ms an item`);
  }
});

Deno.test("whatever is answered, whole numbers within the limits are asked for", () => {
  const answers = fc.array(fc.record({ items: fc.nat(50), tookMs: fc.nat(5_000) }));
  fc.assert(fc.property(answers, (answers) => {
    const size = new FetchSize();
    for (const { items, tookMs } of answers) {
      size.answered(items, tookMs);
      assert.ok(Number.isInteger(size.items));
      assert.ok(size.items >= fetchItemsMin && size.items <= fetchItemsMax);
    }
  }));
});
