import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import type { Clock } from "../../src/core/env.ts";
import { startSimulatedAuthority } from "../authority/simulated_authority.ts";
import { distinguished, envelopeOf, syncFolderItems } from "../exchange/ews/example_requests.ts";
import { attributesNamed, numberedEmail } from "../exchange/ews/example_service.ts";
import { parseXml } from "../exchange/ews/xml_tree.ts";
import { MailboxStore } from "../exchange/mailbox_store.ts";
import { bytesOf } from "../exchange/mime_source.ts";
import { RawHttpClient } from "../exchange/raw_http_client.ts";
import { seededEntropy } from "../exchange/seeded_entropy.ts";
import { startSimulatedExchange } from "../exchange/simulated_exchange.ts";
import { WALL_CLOCK } from "../exchange/wall_clock.ts";
import { ADDRESS, drained, exampleGraph, IMMUTABLE, tokenOf } from "./example_graph.ts";
import { graphId } from "./graph_ids.ts";
import { startSimulatedGraph } from "./simulated_graph.ts";

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

Deno.test("the same mailboxes are served over EWS at the same time, under the same ids", async () => {
  await using exchange = await startSimulatedExchange({ tls: false, authentication: "basic" });
  const { store, ledger, account } = exchange;
  const mailbox = exchange.addMailbox(ADDRESS);
  await using example = await exampleGraph({ store, ledger });
  mailbox.deliver(mailbox.distinguishedFolder("inbox").id, numberedEmail(1));
  using client = new RawHttpClient(
    await Deno.connect({ hostname: "127.0.0.1", port: Number(exchange.endpoint.port) }),
  );
  const credentials = Buffer.from(`${account.principalName}:${account.password}`);
  const headers = [
    "Content-Type: text/xml",
    `Authorization: Basic ${credentials.toString("base64")}`,
  ];
  const body = envelopeOf(syncFolderItems(distinguished("inbox", ADDRESS)));
  const answer = await client.post("/EWS/Exchange.asmx", headers, body);
  const [itemId] = attributesNamed(parseXml(answer.body), "ItemId", "Id");
  const { json } = await example.get("mailFolders/inbox/messages?$select=id");
  assert.deepEqual(json.value?.map(({ id }) => id), [graphId(itemId!)]);
  const { requestsByOperation } = ledger.totals();
  assert.deepEqual(requestsByOperation, { SyncFolderItems: 1, listMessages: 1 });
});

Deno.test("a service that is told to end does not wait for slow answers", async () => {
  const asked = Promise.withResolvers<void>();
  const clock: Clock = {
    ...WALL_CLOCK,
    sleep(ms, options) {
      asked.resolve();
      return WALL_CLOCK.sleep(ms, options);
    },
  };
  const store = new MailboxStore({ clock, entropy: seededEntropy(1) });
  store.addMailbox(ADDRESS);
  await using authority = await startSimulatedAuthority();
  const graph = await startSimulatedGraph({ store, authority, clock, latencyMs: 3_600_000 });
  using client = new RawHttpClient(
    await Deno.connectTls({
      hostname: "localhost",
      port: Number(graph.endpoint.port),
      caCerts: [graph.caPem],
    }),
  );
  const token = await tokenOf(authority, graph.endpoint.origin);
  const target = `/v1.0/users/${ADDRESS}/mailFolders/inbox`;
  const answer = client.get(target, [`Authorization: Bearer ${token}`]);
  await asked.promise;
  await graph[Symbol.asyncDispose]();
  assert.equal((await answer).complete, false);
});
