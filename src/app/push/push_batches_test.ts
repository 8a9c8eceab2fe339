import assert from "node:assert/strict";
import fc from "fast-check";
import { LIMITS } from "../../core/limits.ts";
import type { FoundEmail } from "../../storage/stored_emails.ts";
import { storedEmailDamaged } from "../../storage/stored_email_content.ts";
import { sampleEmail } from "../../../tests/contract/sample_emails.ts";
import { pushBatchesOf } from "./push_batches.ts";

const KEYS = 6;
const BATCH_SIZE = 4;

/** Emails of which some are damaged, some large, and some share a key in another folder. */
const walks: fc.Arbitrary<readonly FoundEmail[]> = fc.array(fc.record({
  isDamaged: fc.boolean(),
  key: fc.nat(KEYS),
  sizeBytes: fc.oneof(
    fc.nat(100),
    fc.nat(LIMITS.heldMimeBytesMax),
    fc.constant(LIMITS.heldMimeBytesMax + 1),
  ),
  recordBytes: fc.oneof(fc.nat(2_000), fc.nat(LIMITS.emailRecordBytesMax)),
})).map((emails) =>
  emails.map(({ isDamaged, key, sizeBytes, recordBytes }, index): FoundEmail => {
    const position = String(index).padStart(5, "0");
    if (isDamaged) {
      return { kind: "damaged", position, error: storedEmailDamaged(position, "damaged") };
    }
    const record = { ...sampleEmail(`<${key}@x>`), key: String(key) };
    const content = { sha256: "ab".repeat(32), sizeBytes };
    return { kind: "stored", position, record, content, recordBytes };
  })
);

async function* streamOf(found: readonly FoundEmail[]) {
  yield* await Promise.resolve(found);
}

Deno.test("batches keep the order, lose and repeat nothing, and stay within their bounds", async () => {
  await fc.assert(fc.asyncProperty(walks, async (found) => {
    const batches = await Array.fromAsync(pushBatchesOf(streamOf(found), BATCH_SIZE));
    let from = 0;
    for (const { emails, damaged, until, heldBytes } of batches) {
      const count = emails.length + damaged.length;
      assert.ok(count > 0 && count <= BATCH_SIZE);
      const positions = [...emails, ...damaged].map(({ position }) => position).toSorted();
      const expected = found.slice(from, from + count).map(({ position }) => position);
      assert.deepEqual(positions, expected);
      assert.equal(until, expected.at(-1));
      from += count;
      assert.equal(new Set(emails.map(({ record }) => record.key)).size, emails.length);
      assert.ok(heldBytes <= LIMITS.batchBytesMax || emails.length === 1);
      const isLarge = emails.some(({ content }) => content.sizeBytes > LIMITS.heldMimeBytesMax);
      assert.ok(!isLarge || emails.length === 1, "a large email goes alone");
    }
    assert.equal(from, found.length);
  }));
});

Deno.test("small emails go together, as many as may", async () => {
  const found = Array.from({ length: 9 }, (_, index): FoundEmail => ({
    kind: "stored",
    position: String(index),
    record: { ...sampleEmail("<a@x>"), key: String(index) },
    content: { sha256: "ab".repeat(32), sizeBytes: 1_000 },
    recordBytes: 500,
  }));
  const batches = await Array.fromAsync(pushBatchesOf(streamOf(found), BATCH_SIZE));
  assert.deepEqual(batches.map(({ emails }) => emails.length), [4, 4, 1]);
});
