import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { numberedEmail } from "../exchange/ews/example_service.ts";
import { ConnectionCut } from "../exchange/http_server.ts";
import { bytesOf } from "../exchange/mime_source.ts";
import { exampleGraph, type GraphReply, IMMUTABLE } from "./example_graph.ts";
import { graphId } from "./graph_ids.ts";

interface BatchedAnswer {
  readonly id: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

const get = (id: string, url: string) => ({ id, method: "GET", url });
const INBOX = "/users/anna@corp.example/mailFolders/inbox";
const answersIn = ({ json }: GraphReply) => json.responses as readonly BatchedAnswer[];

Deno.test("each request is answered on its own, JSON as it is and MIME in base64", async () => {
  await using example = await exampleGraph();
  const { mailbox, graph } = example;
  const item = mailbox.deliver(mailbox.distinguishedFolder("inbox").id, numberedEmail(1));
  const message = `/users/anna@corp.example/messages/${graphId(item.id)}`;
  const reply = await example.batch([
    get("folder", `${INBOX}?$select=displayName`),
    { ...get("message", `${message}?$select=id`), headers: { Prefer: IMMUTABLE.slice(8) } },
    get("value", `${message.slice(1)}/$value`),
    get("missing", "/users/nobody@corp.example/mailFolders/inbox"),
    get("nonsense", "/teams"),
  ]);
  assert.equal(reply.status, 200);
  const answers = new Map(answersIn(reply).map((answer) => [answer.id, answer]));
  assert.equal(Object(answers.get("folder")?.body).displayName, "Inbox");
  assert.equal(Object(answers.get("message")?.body).id, graphId(item.immutableId));
  assert.equal(answers.get("value")?.headers["Content-Type"], "text/plain");
  const mime = Buffer.from(String(answers.get("value")?.body), "base64");
  assert.deepEqual(mime, Buffer.from(bytesOf(item.mime!)));
  assert.equal(answers.get("missing")?.status, 404);
  assert.equal(Object(answers.get("missing")?.body).error.code, "ErrorInvalidUser");
  assert.equal(answers.get("nonsense")?.status, 501);
  assert.equal(graph.ledger.mimeFetches(mailbox.address, item.searchKey), 1);
});

Deno.test("answers come in another order than their requests", async () => {
  await using example = await exampleGraph();
  const ids = Array.from({ length: 20 }, (_, index) => String(index));
  const answered = answersIn(await example.batch(ids.map((id) => get(id, INBOX))))
    .map(({ id }) => id);
  assert.notDeepEqual(answered, ids);
  assert.deepEqual(answered.toSorted(), ids.toSorted());
});

Deno.test("each request counts against the limits, and four run at a time", async () => {
  await using example = await exampleGraph({ limits: { requestsMax: 15 } });
  const { graph } = example;
  graph.intercept = async (_, next) => await Promise.resolve(next());
  const requests = Array.from({ length: 20 }, (_, index) => get(String(index), INBOX));
  const answers = answersIn(await example.batch(requests));
  const refused = answers.filter(({ status }) => status === 429);
  assert.equal(refused.length, 5);
  assert(refused.every(({ headers }) => headers["Retry-After"] !== undefined));
  assert.equal(graph.limits.peakOf("anna@corp.example"), 4);
  assert.equal(graph.ledger.totals().throttled, 5);
});

Deno.test("a fault can meet one request of a batch, and a cut one leaves no place taken", async () => {
  await using example = await exampleGraph();
  const { graph, token } = example;
  graph.intercept = ({ target, isBatched }, next) =>
    isBatched && target.includes("drafts") ? { status: 503, headers: {}, body: "" } : next();
  const drafts = "/users/anna@corp.example/mailFolders/drafts";
  const answers = answersIn(await example.batch([get("1", INBOX), get("2", drafts)]));
  assert.deepEqual(answers.map(({ id, status }) => [id, status]), [["2", 503], ["1", 200]]);
  graph.intercept = ({ target }, next) => {
    if (target.includes("drafts")) throw new ConnectionCut("for once");
    return next();
  };
  const body = JSON.stringify({ requests: [get("1", INBOX), get("2", INBOX), get("3", drafts)] });
  for (let count = 0; count < 3; count++) {
    using client = await example.connect();
    const cut = await client.post("/v1.0/$batch", [`Authorization: Bearer ${token}`], body);
    assert.equal(cut.complete, false);
  }
  graph.intercept = undefined;
  assert.equal((await example.get("mailFolders/inbox")).status, 200);
});

Deno.test("a batch that is none, too large or ambiguous is refused as a whole", async () => {
  await using example = await exampleGraph();
  const many = Array.from({ length: 21 }, (_, index) => get(String(index), INBOX));
  for (
    const requests of [
      [],
      many,
      [get("1", INBOX), get("1", INBOX)],
      [{ id: 1, method: "GET", url: INBOX }],
      [get("1", `https://graph.microsoft.com/v1.0${INBOX}`)],
    ]
  ) {
    const { status, json } = await example.batch(requests);
    assert.deepEqual([status, json.error?.code], [400, "BadRequest"], JSON.stringify(requests[0]));
  }
  const write = await example.batch([{ ...get("1", INBOX), method: "PATCH", body: {} }]);
  assert.equal(write.status, 501);
});
