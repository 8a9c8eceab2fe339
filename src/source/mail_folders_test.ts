import assert from "node:assert/strict";
import { type FoundFolder, mailFoldersOf } from "./mail_folders.ts";

function folder(id: string, parentId: string, more: Partial<FoundFolder> = {}): FoundFolder {
  return { id, parentId, type: "Folder", name: `name ${id}`, hidden: false, ...more };
}

const idsOf = (found: readonly FoundFolder[], unsynced: readonly string[] = []) =>
  mailFoldersOf(found, new Set(unsynced)).map(({ id }) => id);

Deno.test("paths go from the top-level folder down, parents come before children", () => {
  const folders = mailFoldersOf([
    folder("C", "B", { name: "a/b\u0000", itemCount: 3 }),
    folder("B", "A"),
    folder("A", "root"),
  ], new Set());
  assert.deepEqual(folders, [
    { id: "A", path: ["name A"] },
    { id: "B", path: ["name A", "name B"] },
    { id: "C", path: ["name A", "name B", "a/b\u0000"], itemCount: 3 },
  ]);
});

Deno.test("mail folders are those of a note class, or of none", () => {
  assert.deepEqual(
    idsOf([
      folder("none", "root"),
      folder("note", "root", { folderClass: "IPF.Note" }),
      folder("sub", "root", { folderClass: "ipf.note.OutlookHomepage" }),
      folder("notebook", "root", { folderClass: "IPF.Notebook" }),
      folder("calendar", "root", { folderClass: "IPF.Appointment", type: "CalendarFolder" }),
      folder("tasks", "root", { type: "TasksFolder" }),
    ]),
    ["none", "note", "sub"],
  );
});

Deno.test("a mail folder below a folder of another kind is synced under its full path", () => {
  const folders = mailFoldersOf([
    folder("T", "root", { folderClass: "IPF.Task" }),
    folder("M", "T", { folderClass: "IPF.Note" }),
  ], new Set());
  assert.deepEqual(folders.map(({ path }) => path), [["name T", "name M"]]);
});

Deno.test("hidden folders, search folders, drafts, outbox, sync issues are left out, nothing below them", () => {
  const leftOut: readonly Partial<FoundFolder>[] = [
    { hidden: true },
    { type: "SearchFolder" },
    ...["drafts", "outbox", "syncissues", "conflicts", "localfailures", "serverfailures"]
      .map((distinguishedId) => ({ distinguishedId })),
  ];
  for (const more of leftOut) {
    const found = [folder("X", "root", more), folder("Y", "X"), folder("Z", "Y")];
    assert.deepEqual(idsOf(found), ["Y", "Z"], JSON.stringify(more));
  }
  assert.deepEqual(idsOf([folder("X", "root"), folder("Y", "X")], ["X"]), ["Y"]);
  assert.deepEqual(idsOf([folder("I", "root", { distinguishedId: "inbox" })]), ["I"]);
});

Deno.test("names never decide: a folder called Drafts is synced", () => {
  assert.deepEqual(idsOf([folder("D", "root", { name: "Drafts" })]), ["D"]);
});

Deno.test("an answer that goes in circles or repeats itself ends", () => {
  assert.deepEqual(idsOf([folder("A", "B"), folder("B", "A"), folder("A", "B")]).sort(), [
    "A",
    "B",
  ]);
  assert.deepEqual(idsOf([folder("A", "A")]), ["A"]);
});
