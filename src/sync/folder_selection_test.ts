import assert from "node:assert/strict";
import fc from "fast-check";
import { isFolderSelected, leadsTo } from "./folder_selection.ts";

Deno.test("without lists every folder is synced", () => {
  assert.ok(isFolderSelected(["Inbox"], undefined));
  assert.ok(isFolderSelected(["Inbox"], {}));
});

Deno.test("a list names a folder and all below it, without case", () => {
  const lists = { allow: [["Inbox", "Work"]] };
  assert.ok(isFolderSelected(["inbox", "WORK"], lists));
  assert.ok(isFolderSelected(["Inbox", "Work", "2020"], lists));
  assert.ok(!isFolderSelected(["Inbox"], lists));
  assert.ok(!isFolderSelected(["Inbox", "Workshop"], lists));
});

Deno.test("the longest path decides, and of two equal ones deny", () => {
  const lists = {
    allow: [["Inbox"], ["Inbox", "Private", "Shared"], ["Sent"]],
    deny: [["Inbox", "Private"], ["Sent"]],
  };
  assert.ok(isFolderSelected(["Inbox"], lists));
  assert.ok(!isFolderSelected(["Inbox", "Private", "Diary"], lists));
  assert.ok(isFolderSelected(["Inbox", "Private", "Shared", "x"], lists));
  assert.ok(!isFolderSelected(["Sent"], lists));
});

Deno.test("with a deny list alone the rest is synced", () => {
  const lists = { deny: [["Junk"]] };
  assert.ok(isFolderSelected(["Inbox"], lists));
  assert.ok(!isFolderSelected(["Junk", "Old"], lists));
});

Deno.test("a name with a slash or a dot is one name", () => {
  assert.ok(!leadsTo(["a", "b"], ["a/b"]));
  assert.ok(leadsTo(["a/b"], ["A/B", "c"]));
});

Deno.test("a path leads to itself and to everything below it", () => {
  const path = fc.array(fc.string(), { maxLength: 4 });
  fc.assert(fc.property(path, path, (start, rest) => {
    assert.ok(leadsTo(start, [...start, ...rest]));
  }));
});
