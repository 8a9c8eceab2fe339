import assert from "node:assert/strict";
import type { ListOptions } from "../core/ports.ts";
import { ScriptedTransport } from "../source/testing/scripted_transport.ts";
import { NO_ABORT, testEnv } from "../source/testing/test_env.ts";
import { GRAPH_LIMITS } from "./graph_limits.ts";
import { createGraphSource } from "./graph_source.ts";
import { ALICE, ENDPOINT } from "./testing/simulated_source.ts";

const AT = { mailbox: ALICE, folder: { id: "F", path: ["F"] } };
const LIST: ListOptions = {
  ...NO_ABORT,
  order: "modified",
  position: undefined,
  since: undefined,
  until: undefined,
  limit: 100,
};
const LINK = `${ENDPOINT.origin}/v1.0/users/a/mailFolders/F/messages/delta?$skiptoken=`;

/** A source before a server that answers with JSON as a script has it. */
function sourceOver(answer: (url: URL, number: number, body: string) => unknown) {
  const env = testEnv();
  const transport = new ScriptedTransport((body, number, { url }) => ({
    headers: { "content-type": "application/json" },
    body: JSON.stringify(answer(url, number, body)),
  }));
  const source = createGraphSource({ transport, endpoint: ENDPOINT, env });
  return { source, transport, run: <T>(work: Promise<T>) => env.clock.runUntil(work) };
}

/** Answers a batch with one answer for each of its requests. */
function batchOf(body: string, bodyOf: (url: string) => unknown) {
  const { requests } = JSON.parse(body) as { requests: { id: string; url: string }[] };
  return { responses: requests.map(({ id, url }) => ({ id, status: 200, body: bodyOf(url) })) };
}

Deno.test("folders that contain each other end", async () => {
  const { source, run } = sourceOver((_, __, body) => {
    const folder = (id: string) => ({ id, displayName: id, childFolderCount: 1 });
    if (!body) return { value: [folder("A")] };
    return batchOf(
      body,
      (url) =>
        url.includes("childFolders")
          ? { value: [folder(url.includes("/A/") ? "B" : "A")] }
          : { id: "role" },
    );
  });
  const { folders } = await run(source.folders(ALICE, NO_ABORT));
  assert.deepEqual(folders.map(({ path }) => path), [["A"], ["B"]]);
});

Deno.test("a mailbox without an end of folders, or of empty pages of them, is given up", async () => {
  const expected = { kind: "mailbox", code: "FoldersTooMany" };
  const endless = sourceOver((_, number, body) => {
    const children = (parent: string) => ({
      value: Array.from({ length: 300 }, (_, index) => ({
        id: `${parent}.${number}.${index}`,
        childFolderCount: 1,
      })),
    });
    return body ? batchOf(body, children) : children("root");
  });
  await assert.rejects(endless.run(endless.source.folders(ALICE, NO_ABORT)), expected);
  const empty = sourceOver((_, number) => ({ value: [], "@odata.nextLink": `${LINK}${number}` }));
  await assert.rejects(empty.run(empty.source.folders(ALICE, NO_ABORT)), expected);
  assert.ok(empty.transport.requests.length < GRAPH_LIMITS.pagesMax + 5);
});

Deno.test("a change list that goes in circles or leads nowhere is no answer", async () => {
  const token = `graph:${LINK.slice(ENDPOINT.origin.length)}1`;
  const options = { ...NO_ABORT, token, limit: 10 };
  const circles = sourceOver(() => ({ value: [], "@odata.nextLink": `${LINK}1` }));
  const corrupt = { kind: "retryable", code: "ResponseCorrupt" };
  await assert.rejects(circles.run(circles.source.changes(AT, options)), corrupt);
  const nowhere = sourceOver(() => ({ value: [] }));
  await assert.rejects(nowhere.run(nowhere.source.changes(AT, options)), corrupt);
});

Deno.test("empty pages before others are passed over, an endless row of them is no answer", async () => {
  const { source, run, transport } = sourceOver((_, number) =>
    number < 4
      ? { value: [], "@odata.nextLink": `${LINK}${number}` }
      : { value: [{ id: "M", lastModifiedDateTime: "2024-01-01T00:00:00Z" }] }
  );
  const page = await run(source.list(AT, LIST));
  assert.deepEqual([page.itemIds, page.next], [["M"], undefined]);
  assert.equal(transport.requests.length, 4);
  const endless = sourceOver((_, number) => ({ value: [], "@odata.nextLink": `${LINK}${number}` }));
  await assert.rejects(endless.run(endless.source.list(AT, LIST)), {
    kind: "retryable",
    code: "ResponseIncomplete",
  });
});

Deno.test("a message is described under the id it was asked for", async () => {
  const { source, run } = sourceOver((_, __, body) => batchOf(body, () => ({ id: "other" })));
  const [outcome] = await run(source.describe(AT, ["asked"], NO_ABORT));
  assert.equal(outcome?.itemId, "asked");
});
