import assert from "node:assert/strict";
import type { FolderOf } from "../core/ports.ts";
import { SettledItems } from "./settled_items.ts";
import { mailbox } from "./testing/world.ts";

const at = (name: string, id: string): FolderOf => ({
  mailbox: mailbox(name),
  folder: { id, path: [id] },
});
const inbox = at("a", "inbox");
const archive = at("a", "archive");

Deno.test("an item is known where it was settled last, and nowhere else", () => {
  const settled = new SettledItems();
  settled.note(inbox, ["x", "y"]);
  const known = () => [inbox, archive, at("b", "inbox")].map((where) => settled.has(where, "x"));
  assert.deepEqual(known(), [true, false, false]);
  settled.note(archive, ["x"]);
  assert.deepEqual(known(), [false, true, false]);
  assert.ok(settled.has(inbox, "y"));
});

Deno.test("an item that left a folder is forgotten there, and only there", () => {
  const settled = new SettledItems();
  settled.note(inbox, ["x", "y"]);
  settled.note(archive, ["x"]);
  settled.forget(inbox, ["x", "y", "never"]);
  assert.ok(settled.has(archive, "x"));
  assert.ok(!settled.has(inbox, "y"));
});

Deno.test("what was settled longest ago is forgotten first", () => {
  const settled = new SettledItems(3);
  settled.note(inbox, ["a", "b", "c"]);
  settled.note(inbox, ["a"]);
  settled.note(inbox, ["d"]);
  const known = ["a", "b", "c", "d"].filter((itemId) => settled.has(inbox, itemId));
  assert.deepEqual(known, ["a", "c", "d"]);
});
