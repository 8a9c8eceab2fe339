import assert from "node:assert/strict";
import type { CallOptions } from "../../src/core/env.ts";
import { Secret } from "../../src/core/secret.ts";
import { Connection, type ConnectionOptions, type Exchange } from "../../src/http/connection.ts";
import type { HttpProxy } from "../../src/http/proxy.ts";
import { TestAuthority } from "../../src/http/testing/certificates.ts";
import { encodeResponse, WireReader, writeAll } from "../../src/http/testing/http_wire.ts";
import { type Serve, TestServer } from "../../src/http/testing/test_server.ts";
import { textOf } from "../../src/http/testing/text_of.ts";
import { undiciCase } from "../../src/http/testing/undici_case.ts";
import { waitUntil } from "../../src/http/testing/wait_until.ts";
import { systemClock } from "../../src/runtime/system.ts";
import { SimulatedProxy } from "./simulated_proxy.ts";

// The proxy resolves names, so this one need not exist.
const TARGET = new URL("https://exchange.test/EWS/Exchange.asmx");
const ADDRESS = "exchange.test:443";
const FOREVER = { signal: new AbortController().signal };
const authority = await TestAuthority.create();
const certificate = await authority.issue({ hosts: ["exchange.test"] });
const OPTIONS = {
  trust: { verify: true, extraRoots: [authority.pem] },
  clock: systemClock,
  ...FOREVER,
} as const;

const echo: Serve = async (conn) => {
  const reader = new WireReader(conn);
  for (let request = await reader.next(); request; request = await reader.next()) {
    await writeAll(conn, encodeResponse({ status: 200, body: request.body }));
  }
};

function through(proxy: HttpProxy): ConnectionOptions & CallOptions {
  return { ...OPTIONS, proxy };
}

async function post(connection: Connection, body: string): Promise<string> {
  const exchange: Exchange = await connection.exchange({
    method: "POST",
    url: TARGET,
    headers: {},
    body: new TextEncoder().encode(body),
  }, FOREVER);
  return await textOf(exchange);
}

undiciCase("https goes through a tunnel, with TLS to the server itself", async () => {
  await using server = new TestServer(echo, certificate);
  await using proxy = new SimulatedProxy({ hosts: { [ADDRESS]: server.port } });
  const connection = await Connection.open(TARGET, through({ url: proxy.url }));
  assert.equal(connection.certificate?.toHex(), certificate.der.toHex());
  for (const body of ["one", "two", "x".repeat(300_000)]) {
    assert.equal(await post(connection, body), body);
  }
  connection.destroy();
  assert.deepEqual(
    proxy.requests.map(({ method, path, headers }) => [method, path, headers.get("host")]),
    [["CONNECT", ADDRESS, ADDRESS]],
  );
  assert.equal(proxy.requests[0]?.headers.has("proxy-authorization"), false);
  await waitUntil(() => proxy.openConnections === 0 && server.openConnections === 0);
});

undiciCase("a proxy's consent may come byte by byte", async () => {
  await using server = new TestServer(echo, certificate);
  await using proxy = new SimulatedProxy({ hosts: { [ADDRESS]: server.port } });
  proxy.switches.dribbles = true;
  const connection = await Connection.open(TARGET, through({ url: proxy.url }));
  assert.equal(await post(connection, "body"), "body");
  connection.destroy();
});

undiciCase("an https proxy has TLS of its own, with the server's TLS inside", async () => {
  await using server = new TestServer(echo, certificate);
  const own = await authority.issue();
  await using proxy = new SimulatedProxy({
    hosts: { [ADDRESS]: server.port },
    certificate: own,
    credentials: "svc:secret",
  });
  const signedIn = {
    url: proxy.url,
    extraRoots: [authority.pem],
    user: "svc",
    password: new Secret("secret"),
  };
  const connections = await Promise.all(
    [1, 2, 3].map(() => Connection.open(TARGET, through(signedIn))),
  );
  for (const connection of connections) {
    assert.equal(connection.certificate?.toHex(), certificate.der.toHex());
    for (const body of ["one", "x".repeat(300_000), "three"]) {
      assert.equal(await post(connection, body), body);
    }
    connection.destroy();
  }
  await waitUntil(() => proxy.openConnections === 0 && server.openConnections === 0);
});
