import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { numberedEmail } from "../exchange/ews/example_service.ts";
import { bytesOf } from "../exchange/mime_source.ts";
import { drained, exampleGraph, IMMUTABLE } from "./example_graph.ts";

Deno.test("what lies in a folder comes page by page, and each email byte for byte", async () => {
  await using example = await exampleGraph();
  const { mailbox, graph } = example;
  const inbox = mailbox.distinguishedFolder("inbox").id;
  const items = Array.from({ length: 25 }, (_, number) => {
    return mailbox.deliver(inbox, numberedEmail(number));
  });
  const path = "mailFolders/inbox/messages/delta?$select=subject";
  const { value } = await drained(example, path, IMMUTABLE);
  assert.deepEqual(
    value.map(({ subject }) => subject).toSorted(),
    items.map(({ subject }) => subject).toSorted(),
  );
  const [message] = value;
  const { status, bytes } = await example.get(`messages/${message!.id}/$value`, IMMUTABLE);
  assert.equal(status, 200);
  const item = items.find(({ subject }) => subject === message!.subject)!;
  assert.deepEqual(bytes, Buffer.from(bytesOf(item.mime!)));
  assert.equal(graph.ledger.mimeFetches(mailbox.address, item.searchKey), 1);
});
