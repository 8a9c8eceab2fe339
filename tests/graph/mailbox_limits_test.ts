import assert from "node:assert/strict";
import { numberedEmail } from "../exchange/ews/example_service.ts";
import { exampleGraph } from "./example_graph.ts";
import { interceptGraphWith } from "./faulted_graph_answer.ts";
import { graphFaultNamed } from "./graph_faults.ts";

const INBOX = "/v1.0/users/anna@corp.example/mailFolders/inbox";

Deno.test("a fifth request at one time is refused, and the four go on", async () => {
  await using example = await exampleGraph();
  const { graph, token } = example;
  const allIn = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  let arrived = 0;
  graph.intercept = async (_, next) => {
    if (++arrived === 4) allIn.resolve();
    if (arrived <= 4) await goOn.promise;
    return next();
  };
  const clients = await Promise.all(Array.from({ length: 5 }, () => example.connect()));
  try {
    const headers = [`Authorization: Bearer ${token}`];
    const running = clients.slice(1).map((client) => client.get(INBOX, headers));
    await allIn.promise;
    const fifth = await clients[0]!.get(INBOX, headers);
    assert.equal(fifth.status, 429);
    assert.deepEqual(fifth.headers.get("retry-after"), ["1"]);
    assert.match(fifth.body, /"code":"ApplicationThrottled".*MailboxConcurrency/);
    goOn.resolve();
    assert.deepEqual((await Promise.all(running)).map(({ status }) => status), Array(4).fill(200));
    assert.equal((await clients[0]!.get(INBOX, headers)).status, 200);
  } finally {
    for (const client of clients) client[Symbol.dispose]();
  }
  assert.equal(graph.limits.peakOf("anna@corp.example"), 4);
  assert.equal(graph.ledger.totals().throttled, 1);
});

Deno.test("what is beyond the requests of a window waits for the window to move", async () => {
  await using example = await exampleGraph({ limits: { requestsMax: 3 } });
  const { graph } = example;
  const statuses = async (count: number) => {
    const replies = [];
    for (let asked = 0; asked < count; asked++) {
      replies.push(await example.get("mailFolders/inbox"));
      example.passTime(1000);
    }
    return replies.map(({ status }) => status);
  };
  assert.deepEqual(await statuses(3), [200, 200, 200]);
  const refused = await example.get("mailFolders/inbox");
  assert.equal(refused.status, 429);
  assert.deepEqual(refused.headers.get("retry-after"), ["598"], "the second has left by then");
  graph.limits.namesDelay = false;
  assert.equal((await example.get("mailFolders/inbox")).headers.get("retry-after"), undefined);
  graph.store.addMailbox("berta@corp.example");
  const { port } = graph.endpoint;
  const link = `https://localhost:${port}/v1.0/users/berta@corp.example/mailFolders/inbox`;
  assert.equal((await example.get(link)).status, 200, "each mailbox has its own");
  example.passTime(10 * 60_000);
  assert.deepEqual(await statuses(1), [200]);
  assert.equal(graph.ledger.totals().throttled, 2);
});

Deno.test("requests that end in a cut connection take no place", async () => {
  await using example = await exampleGraph();
  const { graph, mailbox, token } = example;
  mailbox.deliver(mailbox.distinguishedFolder("inbox").id, numberedEmail(1));
  for (const when of ["before", "after", "within"]) {
    graph.intercept = interceptGraphWith(graphFaultNamed(`connection cut ${when}`));
    for (let count = 0; count < 5; count++) {
      using client = await example.connect();
      const answer = await client.get(INBOX, [`Authorization: Bearer ${token}`]);
      assert.equal(answer.complete, false);
    }
  }
  graph.intercept = undefined;
  assert.equal((await example.get("mailFolders/inbox")).status, 200);
  assert.equal(graph.ledger.totals().throttled, 0);
});
