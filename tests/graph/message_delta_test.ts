import assert from "node:assert/strict";
import { numberedEmail } from "../exchange/ews/example_service.ts";
import { mimeOf } from "../exchange/mime_source.ts";
import { drained, exampleGraph, type GraphJson, IMMUTABLE } from "./example_graph.ts";
import { graphId } from "./graph_ids.ts";

const DELTA = "mailFolders/inbox/messages/delta";
const SUBJECTS = `${DELTA}?$select=subject`;

const removedIn = (value: readonly GraphJson[]) =>
  value.filter((entry) => "@removed" in entry).map(({ id }) => id);
const subjectsIn = (value: readonly GraphJson[]) =>
  value.flatMap(({ subject }) => subject === undefined ? [] : [subject]).toSorted();

Deno.test("pages hold what Prefer says, at most 512, and 10 where it says nothing", async () => {
  await using example = await exampleGraph();
  const inbox = example.mailbox.distinguishedFolder("inbox").id;
  for (let number = 0; number < 600; number++) {
    example.mailbox.deliver(inbox, numberedEmail(number));
  }
  const sizeOf = async (...headers: readonly string[]) =>
    (await example.get(SUBJECTS, ...headers)).json.value?.length;
  assert.equal(await sizeOf(), 10);
  assert.equal(await sizeOf("Prefer: odata.maxpagesize=50"), 50);
  assert.equal(await sizeOf("Prefer: odata.maxpagesize=5000"), 512);
  const { value } = await drained(example, SUBJECTS, "Prefer: odata.maxpagesize=200");
  assert.equal(new Set(value.map(({ id }) => id)).size, 600);
});

Deno.test("what happens while a client pages through comes later in the same round", async () => {
  await using example = await exampleGraph();
  const { mailbox } = example;
  const inbox = mailbox.distinguishedFolder("inbox").id;
  const items = Array.from({ length: 4 }, (_, number) => {
    return mailbox.deliver(inbox, numberedEmail(number));
  });
  const size = "Prefer: odata.maxpagesize=2";
  const first = await example.get(SUBJECTS, size);
  const told = first.json.value!.map(({ id }) => id);
  mailbox.deliver(inbox, numberedEmail(9));
  const deleted = items.find(({ id }) => told.includes(graphId(id)))!;
  mailbox.delete(deleted.id);
  const rest = await drained(example, first.json["@odata.nextLink"]!, size);
  assert.deepEqual(removedIn(rest.value), [graphId(deleted.id)]);
  const all = [...first.json.value!, ...rest.value];
  assert.deepEqual(subjectsIn(all), [0, 1, 2, 3, 9].map((number) => `Number ${number}`));
});

Deno.test("a round tells what changed since: created and updated alike, gone with a reason", async () => {
  await using example = await exampleGraph();
  const { mailbox } = example;
  const inbox = mailbox.distinguishedFolder("inbox").id;
  const kept = mailbox.deliver(inbox, numberedEmail(1));
  const gone = mailbox.deliver(inbox, numberedEmail(2));
  const moved = mailbox.deliver(inbox, numberedEmail(3));
  mailbox.deliver(inbox, numberedEmail(4));
  const { deltaLink } = await drained(example, SUBJECTS, IMMUTABLE);
  mailbox.setRead(kept.id, true);
  mailbox.delete(gone.id);
  mailbox.move(moved.id, mailbox.createFolder(["Archive"]).id);
  const added = mailbox.deliver(inbox, numberedEmail(5));
  const { value } = await drained(example, deltaLink!, IMMUTABLE);
  assert.deepEqual(subjectsIn(value), ["Number 1", "Number 5"]);
  const removed = value.filter((entry) => "@removed" in entry);
  assert.deepEqual(
    new Set(removed.map(({ id }) => id)),
    new Set([graphId(gone.immutableId), graphId(moved.immutableId)]),
  );
  assert.deepEqual(removed[0]?.["@removed"], { reason: "deleted" });
  assert.equal(removed[0]?.["@odata.type"], "#microsoft.graph.message");
  const created = value.find(({ id }) => id === graphId(added.immutableId));
  const updated = value.find(({ id }) => id === graphId(kept.immutableId));
  assert.deepEqual(Object.keys(created!), Object.keys(updated!));
});

Deno.test("an item that left and came back is told as gone and then never again, by immutable ids", async () => {
  await using example = await exampleGraph();
  const { mailbox } = example;
  const inbox = mailbox.distinguishedFolder("inbox").id;
  const other = mailbox.createFolder(["Other"]).id;
  const item = mailbox.deliver(inbox, numberedEmail(1));
  const { deltaLink } = await drained(example, SUBJECTS, IMMUTABLE);
  const back = mailbox.move(mailbox.move(item.id, other).id, inbox);
  const second = await drained(example, deltaLink!, IMMUTABLE);
  assert.deepEqual(second.value.map((entry) => [entry.id, "@removed" in entry]), [
    [graphId(item.immutableId), true],
  ]);
  const third = await drained(example, second.deltaLink!, IMMUTABLE);
  assert.deepEqual(third.value, []);
  const { json } = await example.get("mailFolders/inbox/messages?$select=id", IMMUTABLE);
  assert.deepEqual(json.value?.map(({ id }) => id), [graphId(item.immutableId)]);
  mailbox.setRead(back.id, true);
  const fourth = await drained(example, third.deltaLink!, IMMUTABLE);
  assert.deepEqual(subjectsIn(fourth.value), ["Number 1"], "a change brings it back to light");
});

Deno.test("by regular ids an item that left and came back is another one", async () => {
  await using example = await exampleGraph();
  const { mailbox } = example;
  const inbox = mailbox.distinguishedFolder("inbox").id;
  const other = mailbox.createFolder(["Other"]).id;
  const item = mailbox.deliver(inbox, numberedEmail(1));
  const { deltaLink } = await drained(example, SUBJECTS);
  const back = mailbox.move(mailbox.move(item.id, other).id, inbox);
  const { value } = await drained(example, deltaLink!);
  assert.deepEqual(removedIn(value), [graphId(item.id)]);
  const shown = value.filter((entry) => !("@removed" in entry)).map(({ id }) => id);
  assert.deepEqual(shown, [graphId(back.id)]);
});

Deno.test("with a filter a round ends after 5,000 messages, and the rest is never told", async () => {
  await using example = await exampleGraph();
  const { mailbox } = example;
  const inbox = mailbox.distinguishedFolder("inbox").id;
  for (let number = 0; number < 5_004; number++) {
    mailbox.deliver(inbox, numberedEmail(number));
  }
  const size = "Prefer: odata.maxpagesize=512";
  const filter = "$filter=receivedDateTime+ge+2020-01-01T00:00:00Z";
  const first = await drained(example, `${SUBJECTS}&${filter}`, size);
  assert.equal(first.value.length, 5_000);
  mailbox.deliver(inbox, numberedEmail(6_000));
  const second = await drained(example, first.deltaLink!, size);
  assert.deepEqual(subjectsIn(second.value), ["Number 6000"]);
  assert.equal((await drained(example, SUBJECTS, size)).value.length, 5_005);
});

Deno.test("a filter leaves pages short, even empty, and the round goes on", async () => {
  await using example = await exampleGraph();
  const { mailbox } = example;
  const inbox = mailbox.distinguishedFolder("inbox").id;
  mailbox.deliver(inbox, numberedEmail(1), { receivedAt: new Date("2024-05-01T00:00:00Z") });
  for (let number = 2; number < 6; number++) {
    const receivedAt = new Date("2023-01-01T00:00:00Z");
    mailbox.deliver(inbox, numberedEmail(number), { receivedAt });
  }
  const filter = "$filter=receivedDateTime+gt+2024-01-01T00:00:00Z";
  const size = "Prefer: odata.maxpagesize=2";
  const first = await example.get(`${SUBJECTS}&${filter}`, size);
  assert.deepEqual(first.json.value, []);
  const rest = await drained(example, first.json["@odata.nextLink"]!, size);
  assert.deepEqual(subjectsIn(rest.value), ["Number 1"]);
});

Deno.test("changeType counts from the second round on", async () => {
  await using example = await exampleGraph();
  const { mailbox } = example;
  const inbox = mailbox.distinguishedFolder("inbox").id;
  const changed = mailbox.deliver(inbox, numberedEmail(1));
  const gone = mailbox.deliver(inbox, numberedEmail(2));
  const rounds: string[] = [];
  for (const type of ["created", "updated", "deleted"]) {
    const { value, deltaLink } = await drained(example, `${SUBJECTS}&changeType=${type}`);
    assert.equal(value.length, 2, type);
    rounds.push(deltaLink!);
  }
  mailbox.setRead(changed.id, true);
  mailbox.delete(gone.id);
  mailbox.deliver(inbox, numberedEmail(3));
  const told = [];
  for (const deltaLink of rounds) {
    const { value } = await drained(example, deltaLink);
    told.push([subjectsIn(value), removedIn(value)]);
  }
  assert.deepEqual(told, [
    [["Number 3"], []],
    [["Number 1"], []],
    [[], [graphId(gone.id)]],
  ]);
});

Deno.test("options belong to the first call: they count on, and beside a token they are refused", async () => {
  await using example = await exampleGraph();
  const { mailbox } = example;
  const inbox = mailbox.distinguishedFolder("inbox").id;
  mailbox.deliver(inbox, numberedEmail(1));
  const expand = "$expand=singleValueExtendedProperties($filter=id eq 'Binary 0x300B')";
  const { deltaLink } = await drained(example, `${SUBJECTS}&${encodeURI(expand)}`);
  const item = mailbox.deliver(inbox, numberedEmail(2));
  const { json } = await example.get(deltaLink!);
  const [{ "@odata.etag": etag, ...message }] = json.value as [GraphJson];
  assert.equal(typeof etag, "string");
  assert.deepEqual(message, {
    "@odata.type": "#microsoft.graph.message",
    "id": graphId(item.id),
    "subject": "Number 2",
    "singleValueExtendedProperties": [
      { id: "Binary 0x300b", value: Uint8Array.fromHex(item.searchKey).toBase64() },
    ],
  });
  const repeated = await example.get(`${deltaLink}&$select=subject`);
  assert.deepEqual([repeated.status, repeated.json.error?.code], [400, "ErrorInvalidUrlQuery"]);
});

Deno.test("tokens that are cut, foreign or forgotten are refused, each in its way", async () => {
  await using example = await exampleGraph();
  const { mailbox } = example;
  const inbox = mailbox.distinguishedFolder("inbox").id;
  const { deltaLink } = await drained(example, DELTA);
  const [, token = ""] = deltaLink!.split("$deltatoken=");
  const refusal = async (path: string) => {
    const { status, json } = await example.get(path);
    return [status, json.error?.code];
  };
  const altered = token.replace(/.{3}$/, "abc");
  for (const bad of ["latest", "", token.slice(0, -6), altered]) {
    assert.deepEqual(await refusal(`${DELTA}?$deltatoken=${bad}`), [400, "SyncStateInvalid"], bad);
  }
  const other = `mailFolders/drafts/messages/delta?$deltatoken=${token}`;
  assert.deepEqual(await refusal(other), [400, "SyncStateInvalid"]);
  mailbox.invalidateSyncStates(inbox);
  assert.deepEqual(await refusal(deltaLink!), [410, "SyncStateNotFound"]);
  assert.equal((await example.get(DELTA)).status, 200, "a new round begins");
});

Deno.test("a folder that is gone or only searches has no delta", async () => {
  await using example = await exampleGraph();
  const { mailbox } = example;
  const folder = mailbox.createFolder(["Brief"]).id;
  const path = (id: string) => `mailFolders/${graphId(id)}/messages/delta`;
  const { deltaLink } = await drained(example, path(folder));
  mailbox.deleteFolder(folder);
  const gone = await example.get(deltaLink!);
  assert.deepEqual([gone.status, gone.json.error?.code], [404, "ErrorSyncFolderNotFound"]);
  const search = await example.get(path(mailbox.folderAt(["Unread Mail"]).id));
  assert.deepEqual(
    [search.status, search.json.error?.code],
    [400, "ErrorInvalidFolderTypeForOperation"],
  );
});

Deno.test("items that are no messages are not told of", async () => {
  await using example = await exampleGraph();
  const { mailbox } = example;
  const inbox = mailbox.distinguishedFolder("inbox").id;
  mailbox.deliver(inbox, undefined, { itemClass: "IPM.Contact", subject: "Bob" });
  const mime = mimeOf("Subject: Lunch\n\nToday\n");
  mailbox.deliver(inbox, mime, { itemClass: "IPM.Schedule.Meeting.Request" });
  const { value } = await drained(example, SUBJECTS);
  assert.deepEqual(value.map((entry) => [entry["@odata.type"], entry.subject]), [
    ["#microsoft.graph.eventMessageRequest", "Lunch"],
  ]);
});

Deno.test("delta refuses what cannot be tracked", async () => {
  await using example = await exampleGraph();
  const cases = [
    ["$filter=receivedDateTime le 2024-01-01T00:00:00Z", "ErrorInvalidUrlQuery"],
    ["$filter=lastModifiedDateTime ge 2024-01-01T00:00:00Z", "ErrorInvalidUrlQuery"],
    [
      "$filter=receivedDateTime ge 2024-01-01T00:00:00Z and receivedDateTime lt 2025-01-01T00:00:00Z",
      "ErrorInvalidUrlQuery",
    ],
    ["$search=lunch", "ErrorInvalidUrlQuery"],
    ["$skip=10", "ErrorInvalidUrlQuery"],
    ["changeType=moved", "ErrorInvalidUrlQuery"],
    ["$select=subject,size", "BadRequest"],
  ] as const;
  for (const [option, code] of cases) {
    const { status, json } = await example.get(`${DELTA}?${encodeURI(option)}`);
    assert.deepEqual([status, json.error?.code], [400, code], option);
  }
});
