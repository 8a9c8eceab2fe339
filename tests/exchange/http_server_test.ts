import assert from "node:assert/strict";
import { ConnectionCut, type ConnectionHandler, serveHttp } from "./http_server.ts";
import { RawHttpClient } from "./raw_http_client.ts";

const echo: ConnectionHandler = (request) =>
  Promise.resolve({
    status: 200,
    headers: { "X-Two": ["a", "b"] },
    body: `${request.method} ${request.target} ${new TextDecoder().decode(request.body)}`,
  });

function served(handler: ConnectionHandler) {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return serveHttp({ listener, accept: () => handler });
}

async function connected(port: number): Promise<RawHttpClient> {
  return new RawHttpClient(await Deno.connect({ hostname: "127.0.0.1", port }));
}

Deno.test("requests follow each other on one connection, sized or in chunks", async () => {
  await using server = served(echo);
  using client = await connected(server.port);
  const first = await client.post("/a", [], "one");
  await client.send(
    "POST /b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n5;x=y\r\n more\r\n0\r\n\r\n",
  );
  const second = await client.answer();
  assert.deepEqual([first.body, second.body], ["POST /a one", "POST /b two more"]);
  assert.deepEqual(first.headers.get("x-two"), ["a", "b"]);
  assert.equal(server.accepted, 1);
});

Deno.test("two requests sent at once are answered in order", async () => {
  await using server = served(echo);
  using client = await connected(server.port);
  await client.send("GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
  assert.equal((await client.answer()).body, "GET /1 ");
  assert.equal((await client.answer()).body, "GET /2 ");
});

Deno.test("a client that waits for 100 Continue gets it", async () => {
  await using server = served(echo);
  using client = await connected(server.port);
  await client.send("POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  assert.equal((await client.answer()).status, 100);
  await client.send("hi");
  assert.equal((await client.answer()).body, "POST / hi");
});

Deno.test("a body made while it is sent arrives whole, in chunks", async () => {
  const piece = new TextEncoder().encode("x".repeat(50_000));
  await using server = served(() =>
    Promise.resolve({
      status: 200,
      headers: {},
      body: (async function* () {
        for (let count = 0; count < 5; count++) yield piece;
      })(),
    })
  );
  using client = await connected(server.port);
  const answer = await client.post("/", []);
  assert.equal(answer.complete, true);
  assert.equal(answer.body.length, 250_000);
});

Deno.test("a body that is cut ends the connection without its last chunk", async () => {
  await using server = served(() =>
    Promise.resolve({
      status: 200,
      headers: {},
      body: (async function* () {
        yield new Uint8Array(40_000);
        throw new ConnectionCut("cut");
      })(),
    })
  );
  using client = await connected(server.port);
  const answer = await client.post("/", []);
  assert.equal(answer.status, 200);
  assert.equal(answer.body.length, 40_000);
  assert.equal(answer.complete, false);
});

Deno.test("what is no request, or too large a one, is refused and ends the connection", async () => {
  await using server = served(echo);
  const cases = [
    ["nonsense\r\n\r\n", 400],
    ["GET / HTTP/1.1\r\nno colon\r\n\r\n", 400],
    ["POST / HTTP/1.1\r\nContent-Length: 67108865\r\n\r\n", 413],
    ["POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400],
    [`GET /${"a".repeat(70_000)}`, 431],
  ] as const;
  for (const [text, status] of cases) {
    using client = await connected(server.port);
    await client.send(text);
    const answer = await client.answer();
    assert.equal(answer.status, status, text.slice(0, 40));
    assert.deepEqual(answer.headers.get("connection"), ["close"]);
  }
});

Deno.test("a handler that fails is a defect, told when the server ends", async () => {
  const server = served(() => Promise.reject(new Error("broken handler")));
  using client = await connected(server.port);
  await client.post("/", []);
  await assert.rejects(async () => await server[Symbol.asyncDispose](), /simulated server failed/);
});
