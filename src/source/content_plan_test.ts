import assert from "node:assert/strict";
import type { ItemDescription } from "../core/email.ts";
import { LIMITS } from "../core/limits.ts";
import { planContent } from "./content_plan.ts";

function item(itemId: string, sizeBytes: number): ItemDescription {
  return { itemId, sizeBytes, isMail: true, isDraft: false, metadata: {}, attachments: [] };
}

Deno.test("items are fetched by ten, by their stated bytes, large ones when they are opened", () => {
  const small = Array.from({ length: 12 }, (_, i) => item(`s${i}`, 100));
  assert.deepEqual(planContent(small).requests.map(({ length }) => length), [10, 2]);
  const half = LIMITS.fetchBytesMax / 2;
  const plan = planContent([
    item("a", half),
    item("b", half),
    item("c", 1),
    item("large", LIMITS.heldMimeBytesMax),
    item("unknown", 0),
  ]);
  assert.deepEqual(plan, { requests: [["a", "b"], ["c", "unknown"]], streamed: ["large"] });
  assert.deepEqual(planContent([]), { requests: [], streamed: [] });
});
