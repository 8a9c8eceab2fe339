import assert from "node:assert/strict";
import type { ItemDescription } from "../core/email.ts";
import { LIMITS } from "../core/limits.ts";
import { planContent } from "./content_plan.ts";

function item(itemId: string, sizeBytes: number): ItemDescription {
  return { itemId, sizeBytes, isMail: true, isDraft: false, metadata: {}, attachments: [] };
}

Deno.test("more than ten are fetched together only if they are small", () => {
  const many = (count: number, bytes: number) =>
    Array.from({ length: count }, (_, i) => item(`${i}`, bytes));
  const lengths = (items: readonly ItemDescription[]) =>
    planContent(items, 40).requests.map(({ length }) => length);
  assert.deepEqual(lengths(many(90, 1_000)), [40, 40, 10]);
  assert.deepEqual(lengths(many(50, Math.floor(LIMITS.fetchManyBytesMax / 20))), [20, 20, 10]);
  assert.deepEqual(lengths(many(25, Math.floor(LIMITS.fetchManyBytesMax / 5))), [10, 10, 5]);
});

Deno.test("items are fetched by ten, by their stated bytes, large ones when they are opened", () => {
  const small = Array.from({ length: 12 }, (_, i) => item(`s${i}`, 100));
  assert.deepEqual(planContent(small, 10).requests.map(({ length }) => length), [10, 2]);
  const half = LIMITS.fetchBytesMax / 2;
  const plan = planContent([
    item("a", half),
    item("b", half),
    item("c", 1),
    item("large", LIMITS.heldMimeBytesMax),
    item("unknown", 0),
  ], 10);
  assert.deepEqual(plan, { requests: [["a", "b"], ["c", "unknown"]], streamed: ["large"] });
  assert.deepEqual(planContent([], 10), { requests: [], streamed: [] });
});
