import assert from "node:assert/strict";
import type { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { Connection, type ConnectionOptions, isUnsent } from "./connection.ts";
import { type CertificateWithKey, selfSigned, TestAuthority } from "./testing/certificates.ts";
import { encodeResponse, WireReader, writeAll } from "./testing/http_wire.ts";
import { rejectionOf } from "./testing/rejection_of.ts";
import { type Serve, TestServer } from "./testing/test_server.ts";
import { textOf } from "./testing/text_of.ts";
import { undiciCase } from "./testing/undici_case.ts";
import { waitUntil } from "./testing/wait_until.ts";
import { systemClock } from "../runtime/system.ts";
import type { HttpRequest } from "./transport.ts";

const authority = await TestAuthority.create();
const FOREVER = { signal: new AbortController().signal };
const TRUSTING = {
  trust: { verify: true, extraRoots: [authority.pem] },
  clock: systemClock,
} as const;
const TRUSTING_NO_ONE = { ...TRUSTING, trust: { verify: true, extraRoots: [] } } as const;
const TRUSTING_ANYONE = { ...TRUSTING, trust: { verify: false, extraRoots: [] } } as const;

function open(server: TestServer, options: ConnectionOptions = TRUSTING): Promise<Connection> {
  return Connection.open(server.url(), { ...options, ...FOREVER });
}

function post(server: TestServer, body = "request"): HttpRequest {
  const url = server.url("/EWS/Exchange.asmx");
  return { method: "POST", url, headers: {}, body: new TextEncoder().encode(body) };
}

/** Answers every request with `bytes`, and goes on. */
function answering(bytes: Uint8Array): Serve {
  return async (conn) => {
    const reader = new WireReader(conn);
    while (await reader.next()) await writeAll(conn, bytes);
  };
}

/** Answers the first request with `bytes`, then does nothing until the client is gone. */
function stallingAfter(bytes: Uint8Array): Serve {
  return async (conn) => {
    const reader = new WireReader(conn);
    await reader.next();
    await writeAll(conn, bytes);
    await reader.next();
  };
}

/** Answers the first request with `bytes` and closes. */
function closingAfter(bytes: Uint8Array): Serve {
  return async (conn) => {
    await new WireReader(conn).next();
    await writeAll(conn, bytes);
  };
}

/** Answers whatever comes first with `bytes` and closes. */
function rawly(bytes: Uint8Array): Serve {
  return async (conn) => {
    await conn.read(new Uint8Array(4096));
    await writeAll(conn, bytes);
  };
}

const OK = encodeResponse({ status: 200, body: "answer" });
const NOTHING = new Uint8Array(0);

undiciCase(
  "a connection serves one request after the other and knows the server's certificate",
  async () => {
    const certificate = await authority.issue();
    await using server = new TestServer(answering(OK), certificate);
    const connection = await open(server);
    assert.deepEqual(connection.certificate?.toHex(), certificate.der.toHex());
    for (let round = 0; round < 3; round++) {
      const exchange = await connection.exchange(post(server), FOREVER);
      assert.equal(exchange.status, 200);
      assert.equal(exchange.headers.get("content-length"), "6");
      assert.equal(await textOf(exchange), "answer");
      assert.equal(await exchange.ended, true);
    }
    assert.equal(server.openConnections, 1);
    connection.destroy();
  },
);

undiciCase("a request that fails before it is sent closes its connection, too", async () => {
  await using server = new TestServer(answering(OK));
  const connection = await open(server);
  const enough = { signal: AbortSignal.abort(new Error("enough")) };
  await assert.rejects(connection.exchange(post(server), enough), /enough/);
  await waitUntil(() => server.openConnections === 0);
});

undiciCase("a certificate is also accepted for an IP address that it names", async () => {
  await using server = new TestServer(answering(OK), await authority.issue());
  const url = new URL(`https://127.0.0.1:${server.port}/`);
  const connection = await Connection.open(url, { ...TRUSTING, ...FOREVER });
  const exchange = await connection.exchange({ method: "GET", url, headers: {} }, FOREVER);
  assert.equal(await textOf(exchange), "answer");
  connection.destroy();
});

const BAD_CERTIFICATES:
  readonly (readonly [string, ConnectionOptions, () => Promise<CertificateWithKey>])[] = [
    ["TlsSelfSigned", TRUSTING, () => selfSigned()],
    ["TlsUntrusted", TRUSTING_NO_ONE, () => authority.issue()],
    ["TlsHostnameMismatch", TRUSTING, () => authority.issue({ hosts: ["other.example"] })],
    ["TlsExpired", TRUSTING, () => authority.issue({ notAfter: new Date("2021-01-01") })],
    ["TlsNotYetValid", TRUSTING, () => authority.issue({ notBefore: new Date("2090-01-01") })],
  ];

undiciCase(
  "a certificate that does not verify is refused with the reason and a remedy",
  async () => {
    for (const [code, options, issue] of BAD_CERTIFICATES) {
      await using server = new TestServer(answering(OK), await issue());
      const error = await rejectionOf(open(server, options));
      assert.equal(error.code, code);
      assert.equal(error.kind, "mailbox");
      assert.ok(error.message.includes(`"localhost:${server.port}"`), error.message);
      assert.ok(error.hint);
    }
  },
);

undiciCase("without verification every certificate will do, and is still known", async () => {
  for (const [, , issue] of BAD_CERTIFICATES) {
    const certificate = await issue();
    await using server = new TestServer(answering(OK), certificate);
    const connection = await open(server, TRUSTING_ANYONE);
    assert.equal(connection.certificate?.toHex(), certificate.der.toHex());
    assert.equal(await textOf(await connection.exchange(post(server), FOREVER)), "answer");
    connection.destroy();
  }
});

undiciCase("a server that cannot or will not speak our TLS is told apart", async () => {
  const alert = (description: number) => Uint8Array.of(21, 3, 3, 0, 2, 2, description);
  const cases = [
    ["TlsHandshakeRefused", "mailbox", rawly(alert(40))], // handshake_failure
    ["TlsVersionRefused", "mailbox", rawly(alert(70))], // protocol_version
    ["TlsNameUnknown", "mailbox", rawly(alert(112))], // unrecognized_name
    ["TlsClientCertificateRequired", "mailbox", rawly(alert(116))], // certificate_required
    ["TlsNotSpoken", "mailbox", rawly(encodeResponse({ status: 400 }))],
    ["TlsConnectionClosed", "retryable", rawly(NOTHING)],
  ] as const;
  for (const [code, kind, serve] of cases) {
    for (const options of [TRUSTING, TRUSTING_ANYONE]) {
      await using server = new TestServer(serve);
      const url = new URL(`https://localhost:${server.port}/`);
      const error = await rejectionOf(Connection.open(url, { ...options, ...FOREVER }));
      assert.deepEqual([error.code, error.kind], [code, kind], error.message);
    }
  }
});

undiciCase("a TLS handshake that goes nowhere ends at the deadline", async () => {
  await using server = new TestServer(stallingAfter(NOTHING));
  const url = new URL(`https://localhost:${server.port}/`);
  const error = await rejectionOf(
    Connection.open(url, { ...TRUSTING, ...FOREVER, connectMsMax: 50 }),
  );
  assert.deepEqual([error.code, error.kind], ["TlsHandshakeTimeout", "retryable"]);
});

undiciCase("handshakes that a silent server holds open are bounded", async () => {
  {
    await using server = new TestServer(stallingAfter(NOTHING));
    const url = new URL(`https://localhost:${server.port}/`);
    const dialTogether = (count: number) =>
      Promise.all(
        Array.from({ length: count }, () =>
          rejectionOf(Connection.open(url, { ...TRUSTING, ...FOREVER, connectMsMax: 100 }))),
      );
    await dialTogether(LIMITS.hangingHandshakesMax - 1);
    // A slow machine may not have come as far as the handshake with each of them.
    let error: SyncError | undefined;
    do [error] = await dialTogether(1); while (error?.message.endsWith("within 0.1 s"));
    assert.match(error?.message ?? "", /64 earlier TLS handshakes were never answered/);
    assert.equal(error?.kind, "retryable");
  }
  // The server is gone, so are they, and others can be made again.
  await using server = new TestServer(answering(OK), await authority.issue());
  let connection: Connection | undefined;
  await waitUntil(() => {
    open(server).then((opened) => connection ??= opened, () => undefined);
    return connection !== undefined;
  });
  connection?.destroy();
});

undiciCase("an abort ends a TLS handshake with its own reason", async () => {
  await using server = new TestServer(stallingAfter(NOTHING));
  const url = new URL(`https://localhost:${server.port}/`);
  const abort = new AbortController();
  const opening = Connection.open(url, { ...TRUSTING, signal: abort.signal });
  await waitUntil(() => server.openConnections === 1);
  abort.abort(new Error("enough"));
  await assert.rejects(opening, /enough/);
});

undiciCase("a refused connection and an unknown host are named as such", async () => {
  let url: URL;
  {
    await using gone = new TestServer(answering(OK));
    url = gone.url();
  }
  const refused = await rejectionOf(Connection.open(url, { ...TRUSTING, ...FOREVER }));
  assert.deepEqual([refused.code, refused.kind], ["ConnectionRefused", "retryable"]);
  assert.match(refused.message, new RegExp(`"localhost:${url.port}"`));

  const nowhere = new URL("http://exchange.invalid/");
  const unknown = await rejectionOf(Connection.open(nowhere, { ...TRUSTING, ...FOREVER }));
  assert.deepEqual([unknown.code, unknown.kind], ["HostNotFound", "retryable"]);
  assert.match(unknown.message, /"exchange.invalid:80"/);
});

undiciCase("a request whose connection dies before any answer fails and is sent once", async () => {
  let requests = 0;
  await using server = new TestServer(async (conn) => {
    if (await new WireReader(conn).next()) requests++;
  });
  const connection = await open(server);
  const error = await rejectionOf(connection.exchange(post(server), FOREVER));
  assert.deepEqual([error.code, error.kind], ["ConnectionClosed", "retryable"]);
  assert.equal(isUnsent(error), false);
  assert.equal(requests, 1);
});

undiciCase(
  "a request to a server that closed meanwhile is not sent, and no other connection opened",
  async () => {
    const accepted: Deno.Conn[] = [];
    await using server = new TestServer(async (conn) => {
      accepted.push(conn);
      await closingAfter(OK)(conn);
    });
    const connection = await open(server);
    await textOf(await connection.exchange(post(server), FOREVER));
    const error = await rejectionOf(connection.exchange(post(server), FOREVER));
    // Whether the end was noticed in time is the network's choice; either way it is sent to no other.
    assert.ok(isUnsent(error) || error.code === "ConnectionClosed", error.code);
    assert.ok(connection.closed);
    assert.ok(isUnsent(await rejectionOf(connection.exchange(post(server), FOREVER))));
    assert.equal(accepted.length, 1);
  },
);

undiciCase("a server that does not answer is given up at the deadline", async () => {
  await using server = new TestServer(stallingAfter(NOTHING));
  const connection = await open(server, { ...TRUSTING, headersMsMax: 100 });
  const error = await rejectionOf(connection.exchange(post(server), FOREVER));
  assert.deepEqual([error.code, error.kind], ["Timeout", "retryable"]);
  assert.ok(connection.closed);
});

undiciCase("a body cut short is a failure, never an end", async () => {
  const cut = encodeResponse({ status: 200, body: "answ", contentLength: 6 });
  const chunked = new TextEncoder().encode(
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nansw\r\n",
  );
  for (const bytes of [cut, chunked]) {
    await using server = new TestServer(closingAfter(bytes));
    const connection = await open(server);
    const exchange = await connection.exchange(post(server), FOREVER);
    const error = await rejectionOf(textOf(exchange));
    assert.deepEqual([error.code, error.kind], ["ResponseCutShort", "retryable"]);
    assert.equal(await exchange.ended, false);
  }
});

undiciCase("a body that stalls is given up at the deadline", async () => {
  const stalled = encodeResponse({ status: 200, body: "answ", contentLength: 6 });
  await using server = new TestServer(stallingAfter(stalled));
  const connection = await open(server, { ...TRUSTING, bodyIdleMsMax: 100 });
  const exchange = await connection.exchange(post(server), FOREVER);
  const error = await rejectionOf(textOf(exchange));
  assert.deepEqual([error.code, error.kind], ["Timeout", "retryable"]);
});

undiciCase(
  "a body that arrives too slowly to come to an end is given up, though never silent",
  async () => {
    const head = encodeResponse({ status: 200, body: "", contentLength: 1_000_000 });
    await using server = new TestServer(async (conn) => {
      await new WireReader(conn).next();
      await writeAll(conn, head);
      // Until the client is gone.
      for (;;) {
        await writeAll(conn, new Uint8Array(1));
        await systemClock.sleep(5, FOREVER);
      }
    });
    const connection = await open(server, { ...TRUSTING, bodySlowMsMax: 100 });
    const exchange = await connection.exchange(post(server), FOREVER);
    const error = await rejectionOf(textOf(exchange));
    assert.deepEqual([error.code, error.kind], ["Timeout", "retryable"]);
    assert.match(error.message, /too slowly/);
    assert.equal(await exchange.ended, false);
    assert.ok(connection.closed);
  },
);

undiciCase("an answer that is no HTTP, or has an endless head, is a failure", async () => {
  const endless = new TextEncoder().encode(`HTTP/1.1 200 OK\r\na: ${"x".repeat(200_000)}`);
  for (const bytes of [new TextEncoder().encode("SSH-2.0-server\r\n"), endless]) {
    await using server = new TestServer(stallingAfter(bytes));
    const connection = await open(server);
    const error = await rejectionOf(connection.exchange(post(server), FOREVER));
    assert.deepEqual([error.code, error.kind], ["HttpMalformed", "retryable"], error.message);
  }
});

undiciCase("a body that is cancelled, begun or not, closes the connection", async () => {
  const large = encodeResponse({ status: 200, body: "x".repeat(1_000_000) });
  for (const begun of [true, false]) {
    await using server = new TestServer(answering(large));
    const connection = await open(server);
    const exchange = await connection.exchange(post(server), FOREVER);
    if (begun) {
      for await (const _ of exchange.body) break;
    } else {
      await exchange.body.return();
    }
    assert.equal(await exchange.ended, false);
    assert.ok(connection.closed);
  }
});

undiciCase(
  "an abort ends the wait for an answer, and for its body, with its own reason",
  async () => {
    const begun = encodeResponse({ status: 200, body: "answ", contentLength: 6 });
    for (const bytes of [NOTHING, begun]) {
      await using server = new TestServer(stallingAfter(bytes));
      const connection = await open(server);
      const abort = new AbortController();
      const answer = connection.exchange(post(server), { signal: abort.signal }).then(textOf);
      await waitUntil(() => server.openConnections === 1);
      abort.abort(new Error("enough"));
      await assert.rejects(answer, /enough/);
      assert.ok(connection.closed);
      await waitUntil(() => server.openConnections === 0);
    }
  },
);

// Goal: a slow reader holds the server back, and is not taken for a stalled server. Method: an
// endless body; after the first chunk nothing is read until nothing more can be written, and then
// for longer than the deadline.
undiciCase(
  "a body is not read ahead of its reader, who may take longer than the deadline",
  async () => {
    let written = 0;
    await using server = new TestServer(async (conn) => {
      await new WireReader(conn).next();
      await writeAll(conn, encodeResponse({ status: 200, contentLength: 1_000_000_000 }));
      const chunk = new Uint8Array(65_536);
      for (;;) written += await conn.write(chunk);
    });
    const connection = await open(server, { ...TRUSTING, bodyIdleMsMax: 100, bodySlowMsMax: 100 });
    const exchange = await connection.exchange(post(server), FOREVER);
    assert.equal((await exchange.body.next()).done, false);
    let before = -1;
    while (before !== written) {
      before = written;
      await systemClock.sleep(300, FOREVER);
    }
    assert.ok(written < 50_000_000, `${written} bytes were taken`);
    await systemClock.sleep(1_500, FOREVER);
    const enough = written + 10_000_000;
    for (let read = 0; read < enough;) read += (await exchange.body.next()).value.byteLength;
    await exchange.body.return();
  },
);
