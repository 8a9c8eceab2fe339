import assert from "node:assert/strict";
import { SyncError } from "../core/errors.ts";
import type { StatusOption } from "./detail.ts";
import { quietEnv } from "../../tests/contract/quiet_env.ts";
import { StatusBoard } from "./status_board.ts";
import { startStatusServer } from "./status_server.ts";
import { StatusView } from "./status_view.ts";

const PAGE = { html: "<p>page", css: "p{}", js: "1", icon: "<svg/>" };

function served(options: { readonly host?: string; readonly status?: StatusOption } = {}) {
  const { host = "127.0.0.1", status } = options;
  const { env } = quietEnv();
  const board = new StatusBoard(env.clock);
  const server = startStatusServer({
    bind: { host, port: 0 },
    ...(status ? { status } : {}),
    view: new StatusView(board, env.clock, "1.0.0"),
    metrics: { exposition: (detail) => ReadableStream.from([`${detail}\n`]), type: "text/plain" },
    page: PAGE,
    log: env.log,
  });
  return { board, server };
}

/** The whole answer to bytes as they are, over a connection of its own. */
async function raw(url: URL, request: string): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(url.port) });
  await connection.write(new TextEncoder().encode(request));
  return await new Response(connection.readable).text();
}

const get = (path: string, fields: string) =>
  `GET ${path} HTTP/1.1\r\n${fields}Connection: close\r\n\r\n`;

Deno.test("who comes by a foreign name, by none or by a broken one gets a summary or nothing", async () => {
  const { server } = served();
  await using _server = server;
  for (const name of ["127.0.0.1", "localhost:1", "LocalHost"]) {
    assert.match(await raw(server.url, get("/metrics", `Host: ${name}\r\n`)), /\r\nfull\n/);
  }
  for (const name of ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80"]) {
    assert.match(await raw(server.url, get("/metrics", `Host: ${name}\r\n`)), /\r\nsummary\n/);
  }
  assert.doesNotMatch(await raw(server.url, get("/metrics", "Host: a b\r\n")), /\r\nfull\n/);
  assert.doesNotMatch(await raw(server.url, "GET /metrics HTTP/1.0\r\n\r\n"), /\r\nfull\n/);
});

Deno.test("a document that has not changed is not sent again", async () => {
  const { board, server } = served();
  await using _server = server;
  const url = new URL("status.json", server.url);
  const first = await fetch(url);
  await first.text();
  const tag = first.headers.get("etag")!;
  const ask = async () => {
    const { status, body } = await fetch(url, { headers: { "if-none-match": tag } });
    await body?.cancel();
    return status;
  };
  assert.equal(await ask(), 304);
  board.servicePhaseChanged({ name: "checking-destination" });
  assert.equal(await ask(), 200);
});

Deno.test("not ready is said with reason and remedy, in a summary with codes alone", async () => {
  const error = new SyncError("fatal", "CredentialsRefused", 'Refused "svc"\nnext', {
    hint: "Check svc",
  });
  for (const status of ["full", "summary", "off"] as const) {
    const { board, server } = served({ status });
    await using _server = server;
    board.servicePhaseChanged({ name: "signing-in" });
    board.servicePhaseChanged({ name: "ending", error, delayMs: 900_000 });
    const response = await fetch(new URL("readyz", server.url));
    assert.equal(response.status, 503);
    const lines = (await response.text()).split("\n");
    const until = "2024-03-01T12:15:00.000Z";
    assert.deepEqual(
      lines,
      status === "full"
        ? [
          "not ready",
          `sign-in: Refused "svc"\\u000anext (CredentialsRefused); until ${until}`,
          "  What to do: Check svc",
          "",
        ]
        : ["not ready", `sign-in: CredentialsRefused; until ${until}`, ""],
    );
  }
});

Deno.test("an IPv6 address is listened on and told in brackets", async () => {
  const { server } = served({ host: "::1" });
  await using _server = server;
  assert.match(server.url.href, /^http:\/\/\[::1\]:[0-9]+\/$/);
  const response = await fetch(server.url);
  assert.equal(await response.text(), PAGE.html);
});

Deno.test("a server that is disposed ends its connections and frees its port", async () => {
  const { server } = served();
  using idle = await Deno.connect({ hostname: "127.0.0.1", port: Number(server.url.port) });
  await server[Symbol.asyncDispose]();
  assert.equal(await idle.read(new Uint8Array(1)), null);
  using _again = Deno.listen({ hostname: "127.0.0.1", port: Number(server.url.port) });
});
