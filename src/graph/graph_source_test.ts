import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { numberedEmail } from "../../tests/exchange/ews/example_service.ts";
import { bytesOf } from "../../tests/exchange/mime_source.ts";
import { graphId } from "../../tests/graph/graph_ids.ts";
import { LIMITS } from "../core/limits.ts";
import type { FetchOutcome, ListOptions } from "../core/ports.ts";
import { NO_ABORT } from "../source/testing/test_env.ts";
import { ALICE, simulatedSource } from "./testing/simulated_source.ts";

const EVERYTHING: ListOptions = {
  ...NO_ABORT,
  order: "received",
  position: undefined,
  since: undefined,
  until: undefined,
  limit: LIMITS.listPageItemsMax,
};
const FIRST = { ...NO_ABORT, token: undefined, limit: 512 };

async function bytesIn(outcome: FetchOutcome): Promise<Buffer> {
  assert.ok(!("error" in outcome), "error" in outcome ? String(outcome.error) : "");
  return Buffer.concat(await Array.fromAsync(outcome.mime.open(NO_ABORT.signal)));
}

Deno.test("an email of a backfill costs one request: the one for its content", async () => {
  const { source, mailbox, folder, run, asked } = simulatedSource();
  const at = folder("inbox");
  const items = Array.from({ length: 120 }, (_, number) => {
    return mailbox.deliver(mailbox.distinguishedFolder("inbox").id, numberedEmail(number));
  });
  await run(source.changes(at, FIRST));
  asked.length = 0;
  const { itemIds } = await run(source.list(at, EVERYTHING));
  const described = await run(source.describe(at, itemIds, NO_ABORT));
  const found = described.map((outcome) => {
    assert.ok("item" in outcome);
    return outcome.item;
  });
  const fetched = await run(source.fetch(at, found, NO_ABORT));
  assert.equal(asked.length, 1 + items.length);
  assert.deepEqual(itemIds, items.map(({ immutableId }) => graphId(immutableId)));
  assert.deepEqual(await bytesIn(fetched[7]!), Buffer.from(bytesOf(items[7]!.mime!)));
});

Deno.test("folders are told by role, hidden ones and search folders left out", async () => {
  const { source, mailbox, run } = simulatedSource();
  mailbox.createFolder(["Projects", "2024", "Q1"]);
  mailbox.createFolder(["Hidden"], { hidden: true });
  mailbox.createFolder(["Appointments"], { folderClass: "IPF.Appointment" });
  const { folders } = await run(source.folders(ALICE, NO_ABORT));
  assert.deepEqual(folders.find(({ role }) => role === "inbox")?.path, ["Inbox"]);
});
