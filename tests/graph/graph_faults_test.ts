import assert from "node:assert/strict";
import { numberedEmail } from "../exchange/ews/example_service.ts";
import { exampleGraph, type GraphJson } from "./example_graph.ts";
import {
  interceptGraphWith,
  interceptUntil,
  interceptWithForeignLinks,
  interceptWithRedirect,
} from "./faulted_graph_answer.ts";
import { GRAPH_FAULTS, graphFaultNamed } from "./graph_faults.ts";

const INBOX = "/v1.0/users/anna@corp.example/mailFolders/inbox";

Deno.test("every fault on command comes over a connection as it is meant", async () => {
  await using example = await exampleGraph();
  const { graph, token } = example;
  const names = new Set<string>();
  for (const fault of GRAPH_FAULTS) {
    graph.intercept = interceptGraphWith(fault);
    using client = await example.connect();
    const answer = await client.get(INBOX, [`Authorization: Bearer ${token}`]);
    names.add(fault.name);
    if (fault.place === "cut") {
      assert.equal(answer.complete, false, fault.name);
      continue;
    }
    assert.equal(answer.status, fault.place === "truncated" ? 200 : fault.status, fault.name);
    if (fault.place === "error") {
      const { code, message } = (JSON.parse(answer.body) as GraphJson).error!;
      assert.deepEqual([code, message], [fault.code, fault.message]);
      assert.equal(answer.headers.get("retry-after")?.[0], fault.headers["Retry-After"]);
    } else if (fault.place === "http") {
      assert.equal(answer.body, fault.body);
    } else {
      assert(answer.complete);
      assert.throws(() => JSON.parse(answer.body), SyntaxError);
    }
  }
  assert.equal(names.size, GRAPH_FAULTS.length);
  assert.throws(() => graphFaultNamed("unheard"), /unheard/);
});

Deno.test("a fault meets what is meant, and nothing else", async () => {
  await using example = await exampleGraph();
  const { graph } = example;
  const fault = graphFaultNamed("410 resyncRequired");
  graph.intercept = interceptGraphWith(fault, ({ operation }) => operation === "messageDelta");
  assert.equal((await example.get("mailFolders/inbox/messages/delta")).status, 410);
  assert.equal((await example.get("mailFolders/inbox/messages")).status, 200);
});

Deno.test("a client that follows foreign links or redirects with its token is seen", async () => {
  await using example = await exampleGraph();
  const { graph, mailbox, token } = example;
  for (let number = 0; number < 3; number++) {
    mailbox.deliver(mailbox.distinguishedFolder("inbox").id, numberedEmail(number));
  }
  await using foreign = graph.foreignHost();
  graph.intercept = interceptWithForeignLinks(foreign.origin);
  const { json } = await example.get(
    "mailFolders/inbox/messages/delta",
    "Prefer: odata.maxpagesize=2",
  );
  const link = new URL(json["@odata.nextLink"]!);
  assert.equal(link.origin, foreign.origin);
  assert.equal(json.value?.length, 2);
  graph.intercept = interceptWithRedirect(foreign.origin);
  const redirect = await example.get("mailFolders/inbox");
  const [location = ""] = redirect.headers.get("location") ?? [];
  assert.deepEqual([redirect.status, new URL(location).origin], [302, foreign.origin]);

  const client = Deno.createHttpClient({ caCerts: [graph.caPem] });
  const fetched = async (headers: Readonly<Record<string, string>>) =>
    await (await fetch(link, { client, headers })).text();
  assert.equal(await fetched({}), '{"value":[]}');
  assert.equal(foreign.leaked, 0);
  await fetched({ Authorization: `Bearer ${token}` });
  assert.equal(foreign.leaked, 1);
  assert.equal(foreign.requests.length, 2);
  client.close();
});

Deno.test("a slow answer comes when it is told to, and others do not wait for it", async () => {
  await using example = await exampleGraph();
  const asked = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  example.graph.intercept = interceptUntil(goOn.promise, ({ target }) => {
    const isMeant = target.endsWith("/drafts");
    if (isMeant) asked.resolve();
    return isMeant;
  });
  let isAnswered = false;
  const slow = example.get("mailFolders/drafts").finally(() => isAnswered = true);
  await asked.promise;
  using other = await example.connect();
  const answer = await other.get(INBOX, [`Authorization: Bearer ${example.token}`]);
  assert.deepEqual([answer.status, isAnswered], [200, false]);
  goOn.resolve();
  assert.equal((await slow).status, 200);
});
