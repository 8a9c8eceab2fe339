import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createHash, X509Certificate } from "node:crypto";
import { connect, type TLSSocket } from "node:tls";
import type { Clock } from "../../src/core/env.ts";
import {
  distinguished,
  envelopeOf,
  getFolder,
  getItem,
  syncFolderItems,
} from "./ews/example_requests.ts";
import { textsNamed } from "./ews/example_service.ts";
import { parseXml } from "./ews/xml_tree.ts";
import { interceptWith } from "./faulted_answer.ts";
import { faultNamed, FAULTS } from "./faults.ts";
import { ConnectionCut } from "./http_server.ts";
import { mimeOf } from "./mime_source.ts";
import { authenticateMessage, negotiateMessage, type SpecClient } from "./ntlm_spec_client.ts";
import { type RawAnswer, RawHttpClient } from "./raw_http_client.ts";
import { type SimulatedExchange, startSimulatedExchange } from "./simulated_exchange.ts";
import { WALL_CLOCK } from "./wall_clock.ts";

const PATH = "/EWS/Exchange.asmx";
const XML = "Content-Type: text/xml; charset=utf-8";
const ADDRESS = "anna@corp.example";
const GET_INBOX = envelopeOf(getFolder(distinguished("inbox", ADDRESS)));

async function connected(exchange: SimulatedExchange): Promise<RawHttpClient> {
  const at = { hostname: "127.0.0.1", port: Number(exchange.endpoint.port) };
  return new RawHttpClient(
    exchange.caPem
      ? await Deno.connectTls({ ...at, caCerts: [exchange.caPem] })
      : await Deno.connect(at),
  );
}

/** The hash a client computes from the certificate it sees (RFC 5929). */
async function endpointHashSeen(exchange: SimulatedExchange, hash = "sha256"): Promise<Buffer> {
  const socket: TLSSocket = connect({
    host: "127.0.0.1",
    port: Number(exchange.endpoint.port),
    ca: exchange.caPem!,
  });
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  socket.once("secureConnect", () => resolve(socket.getPeerCertificate(true).raw));
  socket.once("error", reject);
  const der = await promise;
  socket.destroy();
  assert(new X509Certificate(der).subject.includes("Simulated Exchange"));
  return createHash(hash).update(der).digest();
}

/** Both round trips of a sign-in; the answer is to the request sent along with the second. */
async function signedIn(
  client: RawHttpClient,
  spec: SpecClient,
  body = GET_INBOX,
): Promise<RawAnswer> {
  const negotiate = negotiateMessage().toString("base64");
  const asked = await client.post(PATH, [XML, `Authorization: NTLM ${negotiate}`]);
  const [challenge = ""] = asked.headers.get("www-authenticate") ?? [];
  assert.equal(asked.status, 401);
  assert.match(challenge, /^NTLM TlRMTVNTUAAC/);
  const message = authenticateMessage(Buffer.from(challenge.slice(5), "base64"), spec);
  return await client.post(PATH, [XML, `Authorization: NTLM ${message.toString("base64")}`], body);
}

function specOf(exchange: SimulatedExchange): SpecClient {
  const { user, domain, password } = exchange.account;
  return { user, domain, password, withMic: true, withKeyExchange: true };
}

async function exampleExchange(options = {}): Promise<SimulatedExchange> {
  const exchange = await startSimulatedExchange(options);
  exchange.addMailbox(ADDRESS);
  return exchange;
}

Deno.test("a client with password, MIC and channel binding is in, for as long as the connection lasts", async () => {
  await using exchange = await exampleExchange();
  const spec = { ...specOf(exchange), endpointHash: await endpointHashSeen(exchange) };
  using client = await connected(exchange);
  const first = await client.post(PATH, [XML], GET_INBOX);
  assert.deepEqual([first.status, first.body], [401, ""]);
  assert.deepEqual(first.headers.get("www-authenticate"), ["Negotiate", "NTLM"]);
  const answer = await signedIn(client, spec);
  assert.equal(answer.status, 200);
  assert.match(answer.body, /<m:GetFolderResponseMessage ResponseClass="Success">/);
  const again = await client.post(PATH, [XML], GET_INBOX);
  assert.equal(again.status, 200);
  using other = await connected(exchange);
  assert.equal((await other.post(PATH, [XML], GET_INBOX)).status, 401);
  const connections = exchange.ledger.requests("GetFolder").map((request) => request.connection);
  assert.equal(new Set(connections).size, 1);
  assert.deepEqual(exchange.ledger.logons.map(({ user, outcome }) => [user, outcome]), [
    ["CORP\\svc-ews", "accepted"],
  ]);
});

Deno.test("a wrong password and a missing binding look alike outside and different in the ledger", async () => {
  await using exchange = await exampleExchange();
  const endpointHash = await endpointHashSeen(exchange);
  const cases = [
    [{ ...specOf(exchange), endpointHash, password: "wrong" }, "wrong password"],
    [specOf(exchange), "channel binding missing"],
    [{ ...specOf(exchange), endpointHash: Buffer.alloc(32) }, "channel binding wrong"],
  ] as const;
  for (const [spec, outcome] of cases) {
    using client = await connected(exchange);
    const answer = await signedIn(client, spec);
    assert.equal(answer.status, 401);
    assert.deepEqual(answer.headers.get("www-authenticate"), ["Negotiate", "NTLM"]);
    assert.equal(exchange.ledger.logons.at(-1)?.outcome, outcome);
  }
  assert.equal(exchange.ledger.totals().logonsRefused, 3);
  assert.equal(exchange.ledger.requests().length, 0);
});

Deno.test("a certificate signed with SHA-384 is bound by SHA-384", async () => {
  await using exchange = await exampleExchange({ certificate: { signatureHash: "SHA-384" } });
  using client = await connected(exchange);
  const endpointHash = await endpointHashSeen(exchange, "sha384");
  const answer = await signedIn(client, { ...specOf(exchange), endpointHash });
  assert.equal(answer.status, 200);
});

Deno.test("a certificate for another host is not accepted by a client that looks", async () => {
  await using exchange = await exampleExchange({ certificate: { hosts: ["other.example"] } });
  await assert.rejects(async () => {
    using client = await connected(exchange);
    await client.post(PATH, [XML], GET_INBOX);
  }, /certificate/);
});

Deno.test("plain HTTP has no channel to bind to", async () => {
  await using exchange = await exampleExchange({ tls: false });
  assert.equal(exchange.endpoint.protocol, "http:");
  using client = await connected(exchange);
  assert.equal((await signedIn(client, specOf(exchange))).status, 200);
});

Deno.test("a server without Windows sign-in offers Basic and checks it each time", async () => {
  await using exchange = await exampleExchange({ tls: false, authentication: "basic" });
  using client = await connected(exchange);
  const asked = await client.post(PATH, [XML], GET_INBOX);
  assert.deepEqual(asked.headers.get("www-authenticate"), ['Basic realm="simulated-exchange"']);
  const basic = (password: string) =>
    `Authorization: Basic ${Buffer.from(`svc-ews@corp.example:${password}`).toString("base64")}`;
  const right = await client.post(PATH, [XML, basic(exchange.account.password)], GET_INBOX);
  assert.equal(right.status, 200);
  assert.equal((await client.post(PATH, [XML, basic("wrong")], GET_INBOX)).status, 401);
  assert.equal((await client.post(PATH, [XML], GET_INBOX)).status, 401);
});

Deno.test("an email delivered while the server runs comes out byte for byte, and is in the ledger", async () => {
  await using exchange = await exampleExchange({ tls: false });
  using client = await connected(exchange);
  await signedIn(client, specOf(exchange));
  const mailbox = exchange.store.mailbox(ADDRESS)!;
  const text = "Subject: fresh\nMessage-ID: <fresh@x>\n\nGrüße\n";
  const item = mailbox.deliver(mailbox.distinguishedFolder("inbox").id, mimeOf(text));
  const sync = await client.post(
    PATH,
    [XML],
    envelopeOf(syncFolderItems(distinguished("inbox", ADDRESS))),
  );
  assert(sync.body.includes(item.id));
  const { body } = await client.post(PATH, [XML], envelopeOf(getItem([item.id], "", true)));
  const [content = ""] = textsNamed(parseXml(body), "MimeContent");
  const bytes = Buffer.from(content, "base64");
  assert.equal(bytes.toString(), text.replaceAll("\n", "\r\n"));
  const [served] = exchange.ledger.mimes;
  assert.equal(served?.sha256, createHash("sha256").update(bytes).digest("hex"));
  assert.equal(exchange.ledger.mimeFetches(ADDRESS, item.searchKey), 1);
  assert.deepEqual(exchange.ledger.totals().requestsByOperation, {
    GetFolder: 1,
    SyncFolderItems: 1,
    GetItem: 1,
  });
});

Deno.test("answers carry the server's clock and ids, and echo the client's", async () => {
  await using exchange = await exampleExchange({ tls: false });
  using client = await connected(exchange);
  await signedIn(client, specOf(exchange));
  const headers = [XML, "client-request-id: abc", "return-client-request-id: true"];
  const answer = await client.post(PATH, headers, GET_INBOX);
  assert.deepEqual(answer.headers.get("content-type"), ["text/xml; charset=utf-8"]);
  assert.deepEqual(answer.headers.get("client-request-id"), ["abc"]);
  assert.match(answer.headers.get("request-id")![0]!, /^[0-9a-f-]{36}$/);
  const date = Date.parse(answer.headers.get("date")![0]!);
  assert(Math.abs(date - Date.now()) < 60_000);
});

Deno.test("rights taken away while the server runs are gone with the next request", async () => {
  await using exchange = await exampleExchange({ tls: false });
  using client = await connected(exchange);
  await signedIn(client, specOf(exchange));
  exchange.rights.denyFullAccess(exchange.account, ADDRESS);
  const answer = await client.post(PATH, [XML], GET_INBOX);
  assert.match(answer.body, /ErrorAccessDenied/);
});

Deno.test("a changed password counts for the next sign-in, not for who is in", async () => {
  await using exchange = await exampleExchange({ tls: false });
  using client = await connected(exchange);
  const old = specOf(exchange);
  await signedIn(client, old);
  exchange.account = { ...exchange.account, password: "changed" };
  assert.equal((await client.post(PATH, [XML], GET_INBOX)).status, 200);
  assert.equal((await signedIn(client, old)).status, 401);
  assert.equal((await signedIn(client, specOf(exchange))).status, 200);
});

Deno.test("only the endpoint exists, and it takes only XML by POST", async () => {
  await using exchange = await exampleExchange({ tls: false });
  using client = await connected(exchange);
  await signedIn(client, specOf(exchange));
  assert.equal((await client.post("/owa/", [XML], GET_INBOX)).status, 404);
  assert.equal((await client.post(PATH.toLowerCase(), [XML], GET_INBOX)).status, 200);
  assert.equal((await client.post(PATH, ["Content-Type: text/html"], GET_INBOX)).status, 415);
  await client.send(`GET ${PATH} HTTP/1.1\r\n\r\n`);
  assert.equal((await client.answer()).status, 405);
});

Deno.test("faults on command: an answer of one's own, and a cut after the service has acted", async () => {
  await using exchange = await exampleExchange({ tls: false });
  using client = await connected(exchange);
  await signedIn(client, specOf(exchange));
  exchange.intercept = ({ operation }) => ({ status: 503, headers: {}, body: operation! });
  const busy = await client.post(PATH, [XML], GET_INBOX);
  assert.deepEqual([busy.status, busy.body], [503, "GetFolder"]);
  exchange.intercept = (_request, next) => {
    next();
    throw new ConnectionCut("after acting");
  };
  const requests = exchange.ledger.requests().length;
  await client.send(`POST ${PATH} HTTP/1.1\r\n${XML}\r\nContent-Length: 0\r\n\r\n`);
  assert.equal((await client.answer()).complete, false);
  assert.equal(exchange.ledger.requests().length, requests + 1);
});

Deno.test("every fault on command comes over a connection as it is meant", async () => {
  await using exchange = await exampleExchange({ tls: false });
  using client = await connected(exchange);
  await signedIn(client, specOf(exchange));
  const lasting = FAULTS.filter((fault) =>
    fault.place !== "http" || fault.headers.connection === undefined
  );
  for (const fault of lasting) {
    exchange.intercept = interceptWith(fault, ({ operation }) => operation === "GetFolder");
    const { status, body, headers } = await client.post(PATH, [XML], GET_INBOX);
    if (fault.place === "http") {
      assert.deepEqual([status, body], [fault.status, fault.body], fault.name);
      for (const [name, value] of Object.entries(fault.headers)) {
        assert.deepEqual(headers.get(name), [value], fault.name);
      }
    } else {
      assert.equal(status, fault.place === "fault" ? 500 : 200, fault.name);
      if (fault.place !== "rest of batch") assert.match(body, new RegExp(fault.code), fault.name);
    }
  }
  const other = envelopeOf(syncFolderItems(distinguished("inbox", ADDRESS)));
  assert.equal((await client.post(PATH, [XML], other)).status, 200);
});

Deno.test("a fault that closes the connection does so after its answer", async () => {
  await using exchange = await exampleExchange({ tls: false });
  using client = await connected(exchange);
  await signedIn(client, specOf(exchange));
  exchange.intercept = interceptWith(faultNamed("HTTP 503 and the connection closed"));
  const request = `POST ${PATH} HTTP/1.1\r\n${XML}\r\nContent-Length: 0\r\n\r\n`;
  await client.send(request + request);
  const answer = await client.answer();
  assert.deepEqual([answer.status, answer.complete], [503, true]);
  assert.equal((await client.answer()).complete, false);
});

Deno.test("a server that is told to end does not wait for slow answers", async () => {
  const entered = Promise.withResolvers<void>();
  const clock: Clock = {
    ...WALL_CLOCK,
    sleep(ms, options) {
      entered.resolve();
      return WALL_CLOCK.sleep(ms, options);
    },
  };
  const exchange = await exampleExchange({ tls: false, latencyMs: 3_600_000, clock });
  using client = await connected(exchange);
  const answer = signedIn(client, specOf(exchange));
  await entered.promise;
  await exchange[Symbol.asyncDispose]();
  assert.equal((await answer).complete, false);
});
