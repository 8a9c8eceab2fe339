import assert from "node:assert/strict";
import fc from "fast-check";
import type { ItemDescription } from "../core/email.ts";
import { LIMITS } from "../core/limits.ts";
import { batchBytesOf, batchesOf, chunksOf } from "./batches.ts";

function item(itemId: string, sizeBytes: number): ItemDescription {
  return { itemId, sizeBytes, isMail: true, isDraft: false, metadata: {}, attachments: [] };
}

Deno.test("batches lose nothing, repeat nothing, keep order and respect their bytes", () => {
  const sizes = fc.oneof(
    fc.nat(100_000),
    fc.nat(LIMITS.heldMimeBytesMax * 2),
    fc.constant(LIMITS.heldMimeBytesMax + 1),
  );
  fc.assert(fc.property(fc.array(sizes, { maxLength: 200 }), (bytes) => {
    const items = bytes.map((size, index) => item(`${index}`, size));
    const batches = batchesOf(items);
    assert.deepEqual(batches.flat(), items);
    for (const batch of batches) {
      const streams = batch.filter(({ sizeBytes }) => sizeBytes > LIMITS.heldMimeBytesMax);
      assert.ok(batch.length > 0);
      assert.ok(batch.length === 1 || batchBytesOf(batch) <= LIMITS.batchBytesMax);
      assert.ok(streams.length === 0 || batch.length === 1, "a streamed item goes alone");
    }
  }));
});

Deno.test("a batch holds dozens of small emails", () => {
  const items = Array.from({ length: 80 }, (_, index) => item(`${index}`, 5_000));
  assert.ok(batchesOf(items).length <= 4);
});

Deno.test("chunks are slices of the given size", () => {
  assert.deepEqual(chunksOf([1, 2, 3, 4, 5], 2), [[1, 2], [3, 4], [5]]);
  assert.deepEqual(chunksOf([], 2), []);
});
