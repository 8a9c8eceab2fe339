import assert from "node:assert/strict";
import fc from "fast-check";
import { LIMITS } from "../core/limits.ts";
import { HeldContent } from "./held_content.ts";
import { PAGE_BYTES, PagePool } from "./page_pool.ts";

const MIB = 1024 * 1024;

/** Counts what is taken from it and given back. */
class CountedPool extends PagePool {
  taken = 0;
  given = 0;

  override take(): Uint8Array<ArrayBuffer> {
    this.taken++;
    return super.take();
  }

  override give(page: Uint8Array<ArrayBuffer>): void {
    this.given++;
    super.give(page);
  }
}

function bytesOf(held: HeldContent, index: number): readonly number[] | undefined {
  return held.content(index)?.held?.flatMap((chunk) => [...chunk]);
}

Deno.test("bytes are held by element, and an element that never came is empty", () => {
  const held = new HeldContent(new PagePool());
  held.add(0, Uint8Array.of(1));
  held.add(2, Uint8Array.of(2, 3));
  held.add(0, Uint8Array.of(4, 5, 6));
  assert.deepEqual(bytesOf(held, 0), [1, 4, 5, 6]);
  assert.deepEqual(bytesOf(held, 2), [2, 3]);
  assert.ok(held.isEmpty(1));
  assert.ok(!held.isDropped(1));
  assert.ok(!held.isEmpty(2));
});

Deno.test("what is added may be written over afterwards", () => {
  const held = new HeldContent(new PagePool());
  const bytes = Uint8Array.of(1, 2);
  held.add(0, bytes);
  bytes.fill(9);
  held.add(0, bytes);
  assert.deepEqual(bytesOf(held, 0), [1, 2, 9, 9]);
});

Deno.test("contents of all sizes, that come in pieces in turn, are whole in pages used before", () => {
  const pieces = fc.array(
    fc.record({
      index: fc.integer({ min: 0, max: 3 }),
      bytes: fc.integer({ min: 0, max: 2 * PAGE_BYTES + 1 }),
    }),
    { minLength: 1, maxLength: 8 },
  );
  const pool = new PagePool();
  fc.assert(
    fc.property(pieces, fc.integer(), (pieces, seed) => {
      const held = new HeldContent(pool);
      const expected = new Map<number, Uint8Array[]>();
      for (const [at, { index, bytes }] of pieces.entries()) {
        const piece = new Uint8Array(bytes).fill(seed + at);
        held.add(index, piece);
        expected.set(index, [...expected.get(index) ?? [], piece]);
      }
      const contents = [...expected].map(([index, all]) => ({
        mime: held.content(index)!,
        whole: new Uint8Array(all.flatMap((piece) => [...piece])),
      }));
      for (const { mime, whole } of contents) {
        assert.equal(mime.sizeBytes, whole.length);
        assert.deepEqual(new Uint8Array(mime.held!.flatMap((chunk) => [...chunk])), whole);
        mime.release!();
      }
    }),
    { numRuns: 30 },
  );
});

Deno.test("released pages are used again, once each however often they are released", () => {
  const pool = new CountedPool();
  const first = new HeldContent(pool);
  first.add(0, new Uint8Array(PAGE_BYTES + 1).fill(1));
  const content = first.content(0)!;
  const pages = new Set(content.held!.map(({ buffer }) => buffer));
  content.release!();
  content.release!();
  assert.deepEqual([pool.taken, pool.given], [2, 2]);
  const second = new HeldContent(pool);
  second.add(0, new Uint8Array(PAGE_BYTES).fill(2));
  second.add(1, new Uint8Array(PAGE_BYTES).fill(3));
  assert.deepEqual(
    new Set([0, 1].flatMap((index) => second.content(index)!.held!.map(({ buffer }) => buffer))),
    pages,
  );
  assert.deepEqual([second.content(0)!.held![0]![0], second.content(1)!.held![0]![0]], [2, 3]);
});

Deno.test("no more pages are kept than the limit says", () => {
  const pool = new PagePool();
  const given = new Set(
    Array.from({ length: LIMITS.sparePagesMax * 2 }, () => new Uint8Array(PAGE_BYTES)),
  );
  for (const page of given) pool.give(page);
  const taken = Array.from({ length: given.size }, () => pool.take());
  assert.equal(taken.filter((page) => given.has(page)).length, LIMITS.sparePagesMax);
});

Deno.test("an email of the largest size that is not streamed is held, and not fetched twice", () => {
  const held = new HeldContent(new PagePool());
  held.add(0, new Uint8Array(LIMITS.heldMimeBytesMax));
  assert.equal(held.content(0)?.sizeBytes, LIMITS.heldMimeBytesMax);
});

Deno.test("content above the limit of one email is dropped at once and not held again", () => {
  const pool = new CountedPool();
  const held = new HeldContent(pool);
  const chunk = new Uint8Array(MIB);
  for (let bytes = 0; bytes <= LIMITS.heldMimeBytesMax * 3; bytes += MIB) held.add(0, chunk);
  assert.ok(pool.taken > 0);
  assert.equal(pool.given, pool.taken);
  held.add(1, chunk);
  assert.equal(held.content(0), undefined);
  assert.ok(held.isDropped(0));
  assert.ok(!held.isEmpty(0));
  assert.equal(held.content(1)?.sizeBytes, MIB);
});

Deno.test("one answer holds no more than its share of what the process may hold", () => {
  const held = new HeldContent(new PagePool());
  const chunk = new Uint8Array(MIB);
  for (let index = 0; index < 20; index++) held.add(index, chunk);
  const kept = Array.from({ length: 20 }, (_, index) => held.content(index)).filter(Boolean);
  assert.equal(kept.length * MIB, LIMITS.heldMimeBytesTotal / LIMITS.fetchesInFlight);
});
