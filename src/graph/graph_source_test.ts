import assert from "node:assert/strict";
import { numberedEmail } from "../../tests/exchange/ews/example_service.ts";
import { hugeEmail } from "../../tests/exchange/huge_email.ts";
import type { HttpAnswer } from "../../tests/exchange/http_server.ts";
import type { GraphIntercept } from "../../tests/graph/graph_connection.ts";
import { graphId } from "../../tests/graph/graph_ids.ts";
import type { ItemDescription } from "../core/email.ts";
import { LIMITS } from "../core/limits.ts";
import type { ListOptions } from "../core/ports.ts";
import { NO_ABORT } from "../source/testing/test_env.ts";
import { GRAPH_LIMITS } from "./graph_limits.ts";
import { ALICE, ALICE_WITH_LISTS, BOB, simulatedSource } from "./testing/simulated_source.ts";

const EVERYTHING: ListOptions = {
  ...NO_ABORT,
  order: "received",
  position: undefined,
  since: undefined,
  until: undefined,
  limit: LIMITS.listPageItemsMax,
};
const FIRST = { ...NO_ABORT, token: undefined, limit: 512 };

/** A simulated mailbox with `count` messages in its inbox. */
function withMessages(count: number, intercept?: GraphIntercept) {
  const world = simulatedSource(intercept);
  const { mailbox, asked } = world;
  const inbox = mailbox.distinguishedFolder("inbox");
  const items = Array.from(
    { length: count },
    (_, number) => mailbox.deliver(inbox.id, numberedEmail(number)),
  );
  return {
    ...world,
    items,
    itemIds: items.map(({ immutableId }) => graphId(immutableId)),
    at: world.folder("inbox"),
    atFolder: world.at,
    /** Names of the operations asked for since this was called last. */
    operations: () => asked.splice(0).flatMap(({ operation }) => operation ?? []),
  };
}

function errorAnswer(status: number, code: string, headers = {}): HttpAnswer {
  const body = JSON.stringify({ error: { code, message: "" } });
  return { status, headers: { "Content-Type": "application/json", ...headers }, body };
}

Deno.test("an email of a backfill costs one request: the one for its content", async () => {
  const { source, at, run, itemIds, operations } = withMessages(120);
  await run(source.changes(at, FIRST));
  operations();
  const page = await run(source.list(at, EVERYTHING));
  assert.deepEqual(page.itemIds, itemIds);
  const described = await run(source.describe(at, itemIds, NO_ABORT));
  const items = described.map((outcome) => (outcome as { item: ItemDescription }).item);
  await run(source.fetch(at, items, NO_ABORT));
  assert.deepEqual(operations(), ["listMessages", ...items.map(() => "getMessageValue")]);
});

Deno.test("a description that came with a listing is given once; then Graph is asked again", async () => {
  const { source, mailbox, at, run, items, itemIds, operations } = withMessages(3);
  await run(source.list(at, EVERYTHING));
  mailbox.setRead(items[0]!.id, true);
  operations();
  const isRead = async () => {
    const [outcome] = await run(source.describe(at, [itemIds[0]!, itemIds[0]!], NO_ABORT));
    assert.ok(outcome && "item" in outcome);
    return outcome.item.metadata.isRead;
  };
  assert.equal(await isRead(), false);
  assert.deepEqual(operations(), []);
  assert.equal(await isRead(), true);
  assert.deepEqual(operations(), ["batch", "getMessage"]);
});

Deno.test("a message that was moved on is not described where it lay, though its id still holds", async () => {
  const { source, mailbox, at, atFolder, run, items, itemIds } = withMessages(2);
  const other = mailbox.createFolder(["Other"]);
  mailbox.move(items[0]!.id, other.id);
  const [gone, still] = await run(source.describe(at, itemIds, NO_ABORT));
  assert.ok(gone && "error" in gone && still && "item" in still);
  assert.deepEqual([gone.error.kind, gone.error.code], ["item", "ErrorItemNotFound"]);
  const [found] = await run(source.describe(atFolder(other.id), [itemIds[0]!], NO_ABORT));
  assert.ok(found && "item" in found);
});

Deno.test("more messages are described by twenty in a request", async () => {
  const { source, at, run, itemIds, requests } = withMessages(45);
  const outcomes = await run(source.describe(at, itemIds, NO_ABORT));
  assert.ok(outcomes.every((outcome) => "item" in outcome));
  assert.equal(requests.length, 3);
});

Deno.test("of a batch only what was throttled is asked for again, when it may be", async () => {
  let refused = 0;
  const busy = errorAnswer(429, "ApplicationThrottled", { "Retry-After": "20" });
  const { source, at, run, itemIds, operations, clock } = withMessages(4, (request, next) => {
    const isHit = request.operation === "getMessage" && refused < 2;
    return isHit ? (refused++, busy) : next();
  });
  const startedMs = clock.monotonicMs();
  const outcomes = await run(source.describe(at, itemIds, NO_ABORT));
  assert.ok(outcomes.every((outcome) => "item" in outcome));
  assert.equal(operations().filter((name) => name === "getMessage").length, 6);
  assert.ok(clock.monotonicMs() - startedMs >= 20_000);
});

Deno.test("participants are those of the header; one without SMTP address is unresolved", async () => {
  const { source, mailbox, run, folder } = simulatedSource();
  const at = { ...folder("inbox"), mailbox: ALICE_WITH_LISTS };
  const item = mailbox.deliver(mailbox.distinguishedFolder("inbox").id, numberedEmail(1), {
    participants: {
      from: { name: "Anna", address: "Anna@Corp.Example" },
      to: [{ name: "Ex", address: "/o=Corp/cn=Recipients/cn=ex@corp", routingType: "EX" }],
      bcc: [{ name: "Ben", address: "ben@corp.example" }],
    },
  });
  const itemId = graphId(item.immutableId);
  const expected = { addresses: ["anna@corp.example", "ben@corp.example"], unresolved: true };
  for (const list of [false, true]) {
    if (list) await run(source.list(at, EVERYTHING));
    const [outcome] = await run(source.describe(at, [itemId], NO_ABORT));
    assert.ok(outcome && "item" in outcome);
    assert.deepEqual(outcome.item.participants, expected);
  }
});

Deno.test("roles are asked for again only when folders have come or gone", async () => {
  const { source, mailbox, run, asked } = simulatedSource();
  const operations = async () => {
    asked.length = 0;
    await run(source.folders(ALICE, NO_ABORT));
    return new Set(asked.map(({ operation }) => operation));
  };
  assert.ok((await operations()).has("getMailFolder"));
  assert.ok(!(await operations()).has("getMailFolder"));
  mailbox.createFolder(["New"]);
  assert.ok((await operations()).has("getMailFolder"));
});

Deno.test("a folder that is moved while folders are listed is not lost", async () => {
  let move = () => {};
  const { source, mailbox, run } = simulatedSource((request, next) => {
    const answer = next();
    if (request.operation === "listMailFolders") move();
    return answer;
  });
  const low = mailbox.createFolder(["Parent", "Moved"]);
  mailbox.createFolder(["Parent", "Stays"]);
  await run(source.folders(ALICE, NO_ABORT));
  // From the second level, still to come, to the first, which has just been read.
  const root = mailbox.distinguishedFolder("msgfolderroot").id;
  move = () => {
    move = () => {};
    mailbox.moveFolder(low.id, root);
  };
  const { folders } = await run(source.folders(ALICE, NO_ABORT));
  assert.deepEqual(folders.find(({ id }) => id === graphId(low.id))?.path, ["Moved"]);
});

Deno.test("folders come by pages, and children by twenty parents in a request", async () => {
  const { source, mailbox, run, requests } = simulatedSource();
  const count = GRAPH_LIMITS.folderPage + 3;
  for (let number = 0; number < count; number++) mailbox.createFolder([`F${number}`]);
  for (let number = 0; number < 30; number++) mailbox.createFolder([`F${number}`, "below"]);
  const { folders } = await run(source.folders(ALICE, NO_ABORT));
  assert.equal(folders.filter(({ path }) => path[0]!.startsWith("F")).length, count + 30);
  // Two pages, two batches of children, one of roles.
  assert.equal(requests.length, 5);
});

Deno.test("messages without received time cost nothing where the change list was gone through", async () => {
  const { source, at, run, operations, restarted, itemIds } = withMessages(5);
  await run(source.changes(at, FIRST));
  operations();
  assert.deepEqual((await run(source.list(at, EVERYTHING))).itemIds, itemIds);
  assert.deepEqual(operations(), ["listMessages"]);
  const again = restarted();
  for (const _ of [1, 2]) await run(again.list(at, EVERYTHING));
  assert.deepEqual(operations(), ["messageDelta", "listMessages", "listMessages"]);
});

Deno.test("what one message cannot give is not asked of a listing any more", async () => {
  const poisoned: GraphIntercept = ({ operation, target }, next) =>
    operation === "listMessages" && target.includes("attachments(")
      ? errorAnswer(500, "ErrorCorruptData")
      : next();
  const { source, at, run, itemIds } = withMessages(4, poisoned);
  assert.deepEqual((await run(source.list(at, EVERYTHING))).itemIds, itemIds);
  const outcomes = await run(source.describe(at, itemIds, NO_ABORT));
  assert.ok(outcomes.every((outcome) => "item" in outcome));
});

Deno.test("a folder that cannot be sorted is unavailable only if the mailbox answers", async () => {
  const { source, mailbox, at, run, permissions } = withMessages(2);
  mailbox.setSortable(mailbox.distinguishedFolder("inbox").id, false);
  await assert.rejects(run(source.list(at, EVERYTHING)), { code: "ListingUnavailable" });
  const down = withMessages(2, () => errorAnswer(504, "UnknownError"));
  await assert.rejects(down.run(down.source.list(down.at, EVERYTHING)), { code: "Http504" });
  permissions.deny(ALICE.address);
  await assert.rejects(run(source.list(at, EVERYTHING)), { kind: "mailbox" });
});

Deno.test("what is said to be removed is asked for; what still lies here was moved away and back", async () => {
  const { source, mailbox, at, run, items, itemIds, operations } = withMessages(30);
  const { token } = await run(source.changes(at, FIRST));
  const other = mailbox.createFolder(["Other"]);
  for (const { id } of items.slice(0, 10)) mailbox.delete(id);
  for (const { id } of items.slice(10, 20)) mailbox.move(id, other.id);
  for (const { id, folderId } of items.slice(20)) {
    mailbox.move(mailbox.move(id, other.id).id, folderId);
  }
  operations();
  const { changes } = await run(source.changes(at, { ...FIRST, token }));
  const kinds = new Map(changes.map(({ itemId, kind }) => [itemId, kind]));
  assert.deepEqual(
    itemIds.map((itemId) => kinds.get(itemId)),
    [...Array(20).fill("delete"), ...Array(10).fill("createOrUpdate")],
  );
  assert.equal(operations().filter((name) => name === "getMessage").length, 30);
});

Deno.test("a token of EWS is lost without a request, one that was tampered with is refused so", async () => {
  const { source, at, run, requests } = withMessages(1);
  const ask = (token: string) => run(source.changes(at, { ...FIRST, token }));
  await assert.rejects(ask("H4sIAAA="), { kind: "folder", code: "SyncStateInvalid" });
  await assert.rejects(ask("graph://evil.example/v1.0/users/a/messages/delta"), {
    kind: "mailbox",
    code: "LinkRefused",
  });
  assert.equal(requests.length, 0);
});

Deno.test("however much is asked for at once, Graph has never to say that it is too much", async () => {
  const { source, at, run, itemIds, items, limits, asked } = withMessages(200);
  const descriptions = items.map(({ sizeBytes }, index) => ({
    itemId: itemIds[index]!,
    sizeBytes,
    isMail: true,
    isDraft: false,
    metadata: {},
    attachments: [],
  }));
  await run(Promise.all([
    source.describe(at, itemIds, NO_ABORT),
    source.fetch(at, descriptions, NO_ABORT),
    source.folders(ALICE, NO_ABORT),
    source.changes(at, FIRST),
    source.list(at, EVERYTHING),
    source.probe(BOB, NO_ABORT),
  ]));
  assert.ok(asked.length > 400);
  assert.equal(limits.peakOf(ALICE.address), GRAPH_LIMITS.requestsInFlight);
});

Deno.test("content that is opened and not read on gives its place to others", async () => {
  const { source, mailbox, folder, run } = simulatedSource();
  const at = folder("inbox");
  const mime = hugeEmail({
    messageId: "<h@corp.example>",
    subject: "huge",
    sizeBytes: 3 * LIMITS.heldMimeBytesMax,
  });
  const item = mailbox.deliver(mailbox.distinguishedFolder("inbox").id, mime);
  const [described] = await run(source.describe(at, [graphId(item.immutableId)], NO_ABORT));
  assert.ok(described && "item" in described);
  const [outcome] = await run(source.fetch(at, [described.item], NO_ABORT));
  assert.ok(outcome && "mime" in outcome);
  for (let opened = 0; opened < 3 * GRAPH_LIMITS.requestsInFlight; opened++) {
    const reader = outcome.mime.open(NO_ABORT.signal).getReader();
    await run(reader.read());
    await reader.cancel();
  }
  await run(source.probe(ALICE, NO_ABORT));
});
