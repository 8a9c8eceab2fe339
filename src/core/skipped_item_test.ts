import assert from "node:assert/strict";
import { laterTry, mergedSkips, nextTryAt, type SkippedItem } from "./skipped_item.ts";

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

Deno.test("what was known of an email once stays known, though it is no longer described", () => {
  const described = { ...first, id: "<a@x>", receivedAt: new Date(7), sizeBytes: 9 };
  const later = laterTry(described, { ...first, code: "Other", skippedAt: new Date(HOUR_MS) });
  assert.deepEqual(later, {
    ...described,
    code: "Other",
    triedAt: new Date(HOUR_MS),
    retries: 1,
  });
});

Deno.test("an email that is on the record twice keeps its first time, and all that is known", () => {
  const one = { ...first, itemId: "new", code: "Other", skippedAt: new Date(9), retries: 3 };
  const other = { ...first, receivedAt: new Date(7), triedAt: new Date(8), rebuilt: true };
  assert.deepEqual(mergedSkips(one, other), {
    ...one,
    receivedAt: new Date(7),
    skippedAt: given,
    triedAt: new Date(8),
    rebuilt: true,
  });
  assert.equal(mergedSkips(one, undefined), one);
});

Deno.test("an email that is met under the very id it was sought under is found", () => {
  const sought = { ...first, sought: true } as const;
  assert.equal(laterTry(sought, first).sought, undefined);
  assert.equal(mergedSkips(first, sought).sought, undefined);
});

Deno.test("an email that is sought is due", () => {
  assert.deepEqual(nextTryAt({ ...first, retries: 9, sought: true }), given);
});
