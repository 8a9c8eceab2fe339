import assert from "node:assert/strict";
import fc from "fast-check";
import { editDistance, nearestOf, suggestion } from "./nearest.ts";

const OPTIONS = ["--debug-level", "--once", "--config", "--total-shards", "--shard-name"];

Deno.test("a slip of the finger finds the word that was meant", () => {
  assert.equal(nearestOf("--deubg-level", OPTIONS), "--debug-level");
  assert.equal(nearestOf("--onec", OPTIONS), "--once");
  assert.equal(nearestOf("--Config", OPTIONS), "--config");
  assert.equal(nearestOf("--total_shard", OPTIONS), "--total-shards");
});

Deno.test("nothing is suggested for a word that is far from all, or absurdly long", () => {
  assert.equal(nearestOf("--metrics", OPTIONS), undefined);
  assert.equal(nearestOf("", OPTIONS), undefined);
  assert.equal(nearestOf("--once".repeat(1_000_000), OPTIONS), undefined);
  assert.equal(suggestion("--metrics", OPTIONS), "");
});

Deno.test("the nearest wins, and the first of equally near ones", () => {
  assert.equal(nearestOf("abcdef", ["abcdxy", "abcdez"]), "abcdez");
  assert.equal(nearestOf("abcdef", ["abcdex", "abcdey"]), "abcdex");
});

Deno.test("the distance counts insertions, deletions, replacements and swaps of neighbours", () => {
  assert.equal(editDistance("port", "port", 4), 0);
  assert.equal(editDistance("prot", "port", 4), 1);
  assert.equal(editDistance("por", "port", 4), 1);
  assert.equal(editDistance("ports", "port", 4), 1);
  assert.equal(editDistance("pork", "port", 4), 1);
  assert.equal(editDistance("kitten", "sitting", 4), 3);
  assert.equal(editDistance("kitten", "sitting", 2), undefined);
});

Deno.test("the distance is symmetric, zero only for equal words, and the bound never changes it", () => {
  const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 8 });
  fc.assert(fc.property(word, word, fc.nat(8), (a, b, bound) => {
    const distance = editDistance(a, b, 100) ?? NaN;
    assert.equal(distance, editDistance(b, a, 100));
    assert.equal(distance === 0, a === b);
    assert.equal(editDistance(a, b, bound), distance <= bound ? distance : undefined);
  }));
});
