import assert from "node:assert/strict";
import { randomBytes, randomUuid, seededEntropy } from "./seeded_entropy.ts";

Deno.test("one seed gives one sequence, another seed another", () => {
  assert.deepEqual(randomBytes(seededEntropy(1), 32), randomBytes(seededEntropy(1), 32));
  assert.notDeepEqual(randomBytes(seededEntropy(1), 32), randomBytes(seededEntropy(2), 32));
});

Deno.test("numbers are in [0, 1) and spread evenly", () => {
  const entropy = seededEntropy(3);
  const numbers = Array.from({ length: 10_000 }, () => entropy.next());
  assert(numbers.every((number) => number >= 0 && number < 1));
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  assert(Math.abs(mean - 0.5) < 0.02, `mean ${mean}`);
});

Deno.test("UUIDs are of version 4", () => {
  const pattern = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  assert.match(randomUuid(seededEntropy(4)), pattern);
});
