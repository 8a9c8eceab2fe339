import assert from "node:assert/strict";
import { VanishedPages } from "./vanished_pages.ts";

const items = ["1", "2", "3", "4", "5"];

Deno.test("a few vanished items, or one that is there, raise no doubt", () => {
  const pages = new VanishedPages();
  assert.ok(pages.accepts("f", items.slice(1), 4));
  assert.ok(pages.accepts("f", items, 4));
});

Deno.test("a vanished page is doubted once, then counts if its items were called deleted", () => {
  const pages = new VanishedPages();
  assert.equal(pages.accepts("f", items, 5), false);
  pages.noteDeleted("f", [...items, "6"]);
  assert.ok(pages.accepts("f", items, 5));
});

Deno.test("the same answer without deletions blocks the folder, and no other", () => {
  const pages = new VanishedPages();
  assert.equal(pages.accepts("f", items, 5), false);
  pages.noteDeleted("f", items.slice(1));
  assert.throws(() => pages.accepts("f", items, 5), { kind: "folder", code: "PageVanished" });
  assert.ok(pages.accepts("g", items, 0));
  assert.ok(pages.accepts("f", items, 2), "the items are back");
});
