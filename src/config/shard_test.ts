import assert from "node:assert/strict";
import fc from "fast-check";
import { mailboxesOfShard, shardNumberOf, shardOf } from "./shard.ts";

const ADDRESSES = Array.from({ length: 4000 }, (_, n) => `mailbox.${n}@example.com`);

/** Owners of the addresses below among 2, 3, 5, 16 and 100 shards. */
const GOLDEN = [
  [0, 2, 2, 10, 10],
  [0, 0, 0, 10, 10],
  [0, 2, 2, 15, 94],
  [1, 2, 2, 11, 27],
];

Deno.test("the shard of an address is frozen: a change here moves customers' mailboxes", () => {
  const owners = ["alice@example.com", "bob@example.com", "support@contoso.example", "a@b.c"]
    .map((address) => [2, 3, 5, 16, 100].map((total) => shardOf(address, total)));
  assert.deepEqual(owners, GOLDEN);
});

Deno.test("one shard more takes about its share and moves nothing between the others", () => {
  for (const total of [1, 2, 3, 7, 20]) {
    const moved = ADDRESSES.filter((address) => {
      const [before, after] = [shardOf(address, total), shardOf(address, total + 1)];
      assert.ok(after === before || after === total, "moves only to the new shard");
      return after !== before;
    });
    const expected = ADDRESSES.length / (total + 1);
    // Five standard deviations of a binomial distribution; fixed addresses give a fixed result.
    const tolerance = 5 * Math.sqrt(expected * (1 - 1 / (total + 1)));
    assert.ok(Math.abs(moved.length - expected) < tolerance, `${moved.length} of ${expected}`);
  }
});

Deno.test("shards are about equally large", () => {
  const sizes = new Array<number>(10).fill(0);
  for (const address of ADDRESSES) sizes[shardOf(address, 10)]! += 1;
  for (const size of sizes) assert.ok(Math.abs(size - 400) < 5 * Math.sqrt(360), String(sizes));
});

Deno.test("every address has one owner among the shards, whatever its case", () => {
  fc.assert(fc.property(fc.emailAddress(), fc.integer({ min: 1, max: 50 }), (address, total) => {
    const owner = shardOf(address, total);
    assert.ok(Number.isInteger(owner) && owner >= 0 && owner < total);
    assert.equal(shardOf(address.toUpperCase(), total), owner);
  }));
});

Deno.test("the shards of a list of mailboxes are a partition of it", () => {
  const mailboxes = ADDRESSES.slice(0, 100).map((address) => ({
    address,
    bucket: { owner: "o", name: "b" },
    startFrom: "bucket" as const,
  }));
  const parts = [0, 1, 2].map((number) => mailboxesOfShard(mailboxes, { number, total: 3 }));
  assert.deepEqual(new Set(parts.flat()), new Set(mailboxes));
  assert.equal(parts.flat().length, mailboxes.length);
});

Deno.test("the shard number is what follows the last dash of the name", () => {
  assert.equal(shardNumberOf("reinfer-ews-0"), 0);
  assert.equal(shardNumberOf("reinfer-ews-12"), 12);
  assert.equal(shardNumberOf("a-1-007"), 7);
  for (const name of ["reinfer-ews", "3", "ews-", "ews-1a", "ews-1-", "ews- 1", ""]) {
    assert.equal(shardNumberOf(name), undefined, name);
  }
});
