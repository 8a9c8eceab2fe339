import assert from "node:assert/strict";
import { laterTry, nextTryAt, type SkippedItem } from "./skipped_item.ts";

const HOUR_MS = 3_600_000;
const given = new Date(0);
const first: SkippedItem = { itemId: "a", code: "C", reason: "r", skippedAt: given, retries: 0 };

Deno.test("each pause begins at the try before it, and after the last there is none", () => {
  const hours: number[] = [];
  let item = first;
  for (let at = nextTryAt(item); at; at = nextTryAt(item)) {
    hours.push(at.getTime() / HOUR_MS);
    item = laterTry(item, { ...first, skippedAt: at });
  }
  assert.deepEqual(hours, [1, 7, 31, 199]);
  assert.equal(item.retries, 4);
  assert.deepEqual(item.skippedAt, given);
});

Deno.test("what was rebuilt once stays so, whatever a later try gives", () => {
  assert.equal(laterTry({ ...first, rebuilt: true }, first).rebuilt, true);
  assert.equal(laterTry(undefined, first).rebuilt, undefined);
});
