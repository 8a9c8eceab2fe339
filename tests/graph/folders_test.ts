import assert from "node:assert/strict";
import { numberedEmail } from "../exchange/ews/example_service.ts";
import { drained, exampleGraph, type GraphJson } from "./example_graph.ts";
import { graphId } from "./graph_ids.ts";

const CLASS = "$expand=singleValueExtendedProperties($filter=id eq 'String 0x3613')";
const namesIn = (value: readonly GraphJson[] = []) =>
  value.map(({ displayName }) => String(displayName));

Deno.test("the top-level folders come in pages, without hidden ones and what is no mail folder", async () => {
  await using example = await exampleGraph();
  const first = await example.get("mailFolders");
  assert.equal(first.json.value?.length, 10);
  const shown = namesIn((await drained(example, "mailFolders?$top=4")).value);
  assert.deepEqual(shown, [
    "Deleted Items",
    "Drafts",
    "Inbox",
    "Journal",
    "Junk Email",
    "Notes",
    "Outbox",
    "Sent Items",
    "Sync Issues",
    "Unread Mail",
  ]);
  const all = await drained(example, "mailFolders?includeHiddenFolders=true&$select=displayName");
  assert.deepEqual(namesIn(all.value).filter((name) => !shown.includes(name)), [
    "Conversation Action Settings",
  ]);
});

Deno.test("a folder has the properties of v1.0, and its class as an extended one", async () => {
  await using example = await exampleGraph();
  const { mailbox } = example;
  const inbox = mailbox.distinguishedFolder("inbox");
  const item = mailbox.deliver(inbox.id, numberedEmail(1));
  mailbox.deliver(inbox.id, numberedEmail(2));
  mailbox.setRead(item.id, true);
  mailbox.createFolder(["Inbox", "Projects"]);
  const { json } = await example.get(`mailFolders/${graphId(inbox.id)}?${encodeURI(CLASS)}`);
  const { "@odata.context": _, ...folder } = json;
  assert.deepEqual(folder, {
    id: graphId(inbox.id),
    displayName: "Inbox",
    parentFolderId: graphId(inbox.parentId!),
    childFolderCount: 1,
    unreadItemCount: 1,
    totalItemCount: 2,
    isHidden: false,
    singleValueExtendedProperties: [{ id: "String 0x3613", value: "IPF.Note" }],
  });
  const refused = await example.get("mailFolders/inbox?$select=wellKnownName");
  assert.deepEqual([refused.status, refused.json.error?.code], [400, "BadRequest"]);
  const children = await example.get("mailFolders('inbox')/childFolders?$select=displayName");
  assert.deepEqual(namesIn(children.json.value), ["Projects"]);
});

Deno.test("well-known names do not depend on the language, and some folders are not there", async () => {
  await using example = await exampleGraph();
  const { mailbox } = example;
  for (
    const role of ["inbox", "sentitems", "deleteditems", "conflicts", "msgfolderroot"] as const
  ) {
    const { json } = await example.get(`mailFolders/${role}?$select=id`);
    assert.equal(json.id, graphId(mailbox.distinguishedFolder(role).id));
  }
  const cases = [
    ["archive", 404, "ErrorFolderNotFound"],
    ["recoverableitemsdeletions", 404, "ErrorFolderNotFound"],
    ["posteingang", 400, "ErrorInvalidIdMalformed"],
    [
      graphId(mailbox.distinguishedFolder("inbox").id).replace("AAEE", "AAFF"),
      404,
      "ErrorItemNotFound",
    ],
  ] as const;
  for (const [key, ...expected] of cases) {
    for (const tail of ["", "/childFolders", "/messages"]) {
      const { status, json } = await example.get(`mailFolders/${key}${tail}`);
      assert.deepEqual([status, json.error?.code], expected, key + tail);
    }
  }
});

Deno.test("a search folder names its type and lists what it finds", async () => {
  await using example = await exampleGraph();
  const { mailbox } = example;
  mailbox.deliver(mailbox.distinguishedFolder("inbox").id, numberedEmail(1));
  const key = graphId(mailbox.folderAt(["Unread Mail"]).id);
  const folder = await example.get(`mailFolders/${key}`);
  assert.equal(folder.json["@odata.type"], "#microsoft.graph.mailSearchFolder");
  const found = await example.get(`mailFolders/${key}/messages?$select=subject`);
  assert.deepEqual(found.json.value?.map(({ subject }) => subject), ["Number 1"]);
});

Deno.test("delta of folders is one list of all of them, then what changes", async () => {
  await using example = await exampleGraph();
  const { mailbox } = example;
  const deep = mailbox.createFolder(["Projects", "2024", "Deep"]);
  const path = `mailFolders/delta?$select=displayName,parentFolderId`;
  const first = await drained(example, path, "Prefer: odata.maxpagesize=3");
  const listed = first.value.find(({ id }) => id === graphId(deep.id));
  assert.equal(listed?.parentFolderId, graphId(deep.parentId!));
  const names = namesIn(first.value);
  assert(names.includes("Inbox") && names.includes("Conflicts"));
  for (const absent of ["Calendar", "Top of Information Store", "Conversation Action Settings"]) {
    assert(!names.includes(absent), absent);
  }
  mailbox.renameFolder(deep.id, "Deeper");
  const added = mailbox.createFolder(["New"]);
  const second = await drained(example, first.deltaLink!);
  assert.deepEqual(namesIn(second.value).toSorted(), ["Deeper", "New"]);
  mailbox.deleteFolder(added.id);
  mailbox.deliver(deep.id, numberedEmail(1));
  const third = await drained(example, second.deltaLink!);
  assert.deepEqual(third.value, [{
    "@odata.type": "#microsoft.graph.mailFolder",
    "id": graphId(added.id),
    "@removed": { reason: "deleted" },
  }]);
  const foreign = await drained(example, "mailFolders/inbox/messages/delta");
  const [, token] = foreign.deltaLink!.split("$deltatoken=");
  const refused = await example.get(`mailFolders/delta?$deltatoken=${token}`);
  assert.deepEqual([refused.status, refused.json.error?.code], [400, "SyncStateInvalid"]);
});
