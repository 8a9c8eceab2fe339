import assert from "node:assert/strict";
import { LIMITS } from "../core/limits.ts";
import { HeldContent } from "./held_content.ts";

const MIB = 1024 * 1024;

Deno.test("chunks are held by element, and an element that never came is empty", () => {
  const held = new HeldContent();
  const [a, b, c] = [new Uint8Array(1), new Uint8Array(2), new Uint8Array(3)];
  held.add(0, a);
  held.add(2, b);
  held.add(0, c);
  assert.deepEqual(held.chunks(0), [a, c]);
  assert.ok(held.isEmpty(1));
  assert.ok(!held.isEmpty(2));
});

Deno.test("content above the limit of one email is dropped and not held again", () => {
  const held = new HeldContent();
  const chunk = new Uint8Array(MIB);
  for (let bytes = 0; bytes <= LIMITS.heldMimeBytesMax * 3; bytes += MIB) held.add(0, chunk);
  held.add(1, chunk);
  assert.equal(held.chunks(0), undefined);
  assert.ok(!held.isEmpty(0));
  assert.equal(held.chunks(1)?.length, 1);
});

Deno.test("one answer holds no more than its share of what the process may hold", () => {
  const held = new HeldContent();
  const chunk = new Uint8Array(MIB);
  for (let index = 0; index < 20; index++) held.add(index, chunk);
  const kept = Array.from({ length: 20 }, (_, index) => held.chunks(index)).filter(Boolean);
  assert.equal(kept.length * MIB, LIMITS.heldMimeBytesTotal / LIMITS.fetchesInFlight);
});
