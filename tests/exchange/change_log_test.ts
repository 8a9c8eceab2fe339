import assert from "node:assert/strict";
import { ChangeLog } from "./change_log.ts";

const NONE: ReadonlySet<string> = new Set();

Deno.test("a new client hears of what is there, newest first, and of nothing else", () => {
  const log = new ChangeLog();
  log.record("create", "a", 1);
  log.record("create", "b", 3);
  log.record("create", "gone", 4);
  log.record("update", "a", 6);
  log.record("delete", "gone", 8);
  const page = log.changesAfter([], 10, NONE);
  assert.deepEqual(page.changes, [{ kind: "create", itemId: "a" }, {
    kind: "create",
    itemId: "b",
  }]);
  assert.equal(page.complete, true);
});

Deno.test("an item created, changed and deleted since the last page is not mentioned", () => {
  const log = new ChangeLog();
  log.record("create", "old", 1);
  const { seen } = log.changesAfter([], 10, NONE);
  log.record("create", "brief", 2);
  log.record("update", "brief", 3);
  log.record("delete", "brief", 4);
  assert.deepEqual(log.changesAfter(seen, 10, NONE).changes, []);
});

Deno.test("a known item that was read is a read flag change, and an update if more happened", () => {
  const log = new ChangeLog();
  log.record("create", "a", 1);
  log.record("create", "b", 2);
  const { seen } = log.changesAfter([], 10, NONE);
  log.record("readFlag", "a", 3);
  log.record("update", "b", 4);
  log.record("readFlag", "b", 5);
  assert.deepEqual(log.changesAfter(seen, 10, NONE).changes, [
    { kind: "update", itemId: "b" },
    { kind: "readFlag", itemId: "a" },
  ]);
});

Deno.test("what happens between two pages comes with the second, and old items stay to be told", () => {
  const log = new ChangeLog();
  for (let number = 1; number <= 4; number++) log.record("create", `item ${number}`, number);
  const first = log.changesAfter([], 2, NONE);
  log.record("create", "late", 5);
  log.record("update", "item 1", 6);
  log.record("delete", "item 4", 7);
  const second = log.changesAfter(first.seen, 10, NONE);
  assert.deepEqual(first.changes.map((change) => change.itemId), ["item 4", "item 3"]);
  assert.equal(first.complete, false);
  assert.deepEqual(second.changes, [
    { kind: "delete", itemId: "item 4" },
    { kind: "create", itemId: "item 1" },
    { kind: "create", itemId: "late" },
    { kind: "create", itemId: "item 2" },
  ]);
});

Deno.test("ignored items are passed over and count as told", () => {
  const log = new ChangeLog();
  log.record("create", "a", 1);
  log.record("create", "b", 2);
  const page = log.changesAfter([], 1, new Set(["b"]));
  assert.deepEqual(page.changes, [{ kind: "create", itemId: "a" }]);
  assert.equal(page.complete, true);
  assert.deepEqual(log.changesAfter(page.seen, 10, NONE).changes, []);
});

Deno.test("an item that left and came back under one id is told as gone, and not again until it changes", () => {
  const log = new ChangeLog();
  log.record("create", "a", 1);
  const first = log.changesAfter([], 10, NONE);
  log.record("delete", "a", 2);
  log.record("create", "a", 3);
  const second = log.changesAfter(first.seen, 10, NONE);
  assert.deepEqual(second.changes, [{ kind: "delete", itemId: "a" }]);
  assert.deepEqual(log.changesAfter(second.seen, 10, NONE).changes, []);
  log.record("readFlag", "a", 4);
  const third = log.changesAfter(second.seen, 10, NONE);
  assert.deepEqual(third.changes, [{ kind: "readFlag", itemId: "a" }]);
});

Deno.test("an item told as gone is created anew when it comes back later", () => {
  const log = new ChangeLog();
  log.record("create", "a", 1);
  const first = log.changesAfter([], 10, NONE);
  log.record("delete", "a", 2);
  const second = log.changesAfter(first.seen, 10, NONE);
  log.record("create", "a", 3);
  const third = log.changesAfter(second.seen, 10, NONE);
  assert.deepEqual(third.changes, [{ kind: "create", itemId: "a" }]);
});
