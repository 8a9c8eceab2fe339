import assert from "node:assert/strict";
import { seededEntropy } from "../../tests/exchange/seeded_entropy.ts";
import { Swarm } from "./swarm.ts";

const KINDS = ["a", "b", "c", "d", "e", "f"];
const FAULTS = 2_000;

function faults(seed: number) {
  const swarm = new Swarm({ entropy: seededEntropy(seed), kinds: KINDS, everyMs: 1_000 });
  return Array.from({ length: FAULTS }, () => swarm.next());
}

Deno.test("faults are as frequent as was asked for, and the same for one seed", () => {
  const drawn = faults(1);
  const meanMs = drawn.reduce((sum, { waitMs }) => sum + waitMs, 0) / FAULTS;
  assert.ok(meanMs > 900 && meanMs < 1_100, `${meanMs} ms`);
  assert.deepEqual(faults(1), drawn);
  assert.notDeepEqual(faults(2), drawn);
});

Deno.test("over time every kind happens, and at no time all of them", () => {
  const drawn = faults(3);
  assert.deepEqual([...new Set(drawn.map(({ kind }) => kind))].sort(), KINDS);
  const inARow = drawn.slice(0, 15).map(({ kind }) => kind);
  assert.ok(new Set(inARow).size < KINDS.length);
});
