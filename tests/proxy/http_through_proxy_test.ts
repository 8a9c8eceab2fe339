import assert from "node:assert/strict";
import type { SyncError } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secret.ts";
import { Connection } from "../../src/http/connection.ts";
import { TestAuthority } from "../../src/http/testing/certificates.ts";
import {
  encodeResponse,
  WireReader,
  type WireRequest,
  writeAll,
} from "../../src/http/testing/http_wire.ts";
import { TestServer } from "../../src/http/testing/test_server.ts";
import { textOf } from "../../src/http/testing/text_of.ts";
import { undiciCase } from "../../src/http/testing/undici_case.ts";
import { systemClock } from "../../src/runtime/system.ts";
import { SimulatedProxy, type SimulatedProxyOptions } from "./simulated_proxy.ts";

const TARGET = new URL("http://exchange.test/EWS/Exchange.asmx?a=b");
const FOREVER = { signal: new AbortController().signal };
const OPTIONS = {
  trust: { verify: true, extraRoots: [] },
  clock: systemClock,
  ...FOREVER,
} as const;

/** A server that echoes bodies and keeps what it saw. */
function echoServer(seen: WireRequest[]): TestServer {
  return new TestServer(async (conn) => {
    const reader = new WireReader(conn);
    for (let request = await reader.next(); request; request = await reader.next()) {
      seen.push(request);
      await writeAll(conn, encodeResponse({ status: 200, body: request.body }));
    }
  });
}

async function post(connection: Connection, body: string): Promise<string> {
  const exchange = await connection.exchange({
    method: "POST",
    url: TARGET,
    headers: { "x-test": "1" },
    body: new TextEncoder().encode(body),
  }, FOREVER);
  return await textOf(exchange);
}

/** Sends two requests through a proxy, and returns what the proxy and the server saw. */
async function twoRequests(
  options: SimulatedProxyOptions,
  more: { readonly user?: string; readonly password?: Secret; readonly extraRoots?: string[] } = {},
) {
  const seen: WireRequest[] = [];
  await using server = echoServer(seen);
  await using proxy = new SimulatedProxy({
    ...options,
    hosts: { "exchange.test:80": server.port },
  });
  const connection = await Connection.open(TARGET, {
    ...OPTIONS,
    proxy: { url: proxy.url, ...more },
  });
  for (const body of ["one", "two"]) assert.equal(await post(connection, body), body);
  assert.equal(proxy.openConnections, 1);
  assert.equal(server.openConnections, 1);
  connection.destroy();
  return { seen, requests: proxy.requests };
}

undiciCase("http goes to the proxy in absolute form, on a connection that is kept", async () => {
  const { seen, requests } = await twoRequests({});
  assert.deepEqual(
    requests.map(({ method, path, headers }) => [method, path, headers.get("host")]),
    Array.from({ length: 2 }, () => ["POST", TARGET.href, "exchange.test"]),
  );
  assert.deepEqual(seen.map(({ path }) => path), Array(2).fill("/EWS/Exchange.asmx?a=b"));
  assert.equal(requests[0]?.headers.has("proxy-authorization"), false);
});

undiciCase("credentials go to the proxy with every request, and never to the server", async () => {
  const credentials = { user: "svc", password: new Secret("secret") };
  const { seen, requests } = await twoRequests({ credentials: "svc:secret" }, credentials);
  for (const { headers } of requests) assert.ok(headers.has("proxy-authorization"));
  for (const { headers } of seen) assert.equal(headers.has("proxy-authorization"), false);
});

undiciCase("http goes to an https proxy within TLS", async () => {
  const authority = await TestAuthority.create();
  const { requests } = await twoRequests({ certificate: await authority.issue() }, {
    extraRoots: [authority.pem],
  });
  assert.equal(requests[0]?.path, TARGET.href);
});

undiciCase("a 407 is the proxy's, and refused credentials are tried once", async () => {
  await using proxy = new SimulatedProxy({ credentials: "svc:right" });
  const attempt = async (given: object): Promise<SyncError> => {
    const options = { ...OPTIONS, proxy: { url: proxy.url, ...given } };
    const connection = await Connection.open(TARGET, options);
    const error = await post(connection, "body").then(
      () => assert.fail("it was expected to reject"),
      (error) => error as SyncError,
    );
    connection.destroy();
    return error;
  };
  const without = await attempt({});
  assert.deepEqual([without.code, without.kind], ["ProxyAuthenticationRequired", "mailbox"]);
  const wrong = { user: "svc", password: new Secret("hunter2") };
  const refused = await Promise.all([1, 2, 3, 4].map(() => attempt(wrong)));
  for (const { code, kind, message } of refused) {
    assert.deepEqual([code, kind], ["ProxyCredentialsRefused", "mailbox"]);
    assert.doesNotMatch(message, /hunter2/);
  }
  assert.equal(proxy.requests.length, 2);
});
