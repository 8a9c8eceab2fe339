import assert from "node:assert/strict";
import type { Clock } from "../../src/core/env.ts";
import { Secret } from "../../src/core/secret.ts";
import { dial, type DialOptions } from "../../src/http/dial.ts";
import type { HttpProxy } from "../../src/http/proxy.ts";
import { selfSigned, TestAuthority } from "../../src/http/testing/certificates.ts";
import { rejectionOf } from "../../src/http/testing/rejection_of.ts";
import { type Serve, TestServer } from "../../src/http/testing/test_server.ts";
import { waitUntil } from "../../src/http/testing/wait_until.ts";
import { systemClock } from "../../src/runtime/system.ts";
import { SimulatedProxy, statusAnswer } from "./simulated_proxy.ts";

// The proxy resolves names, so this one need not exist.
const TARGET = new URL("https://exchange.test/EWS/Exchange.asmx");
const ADDRESS = "exchange.test:443";
const authority = await TestAuthority.create();
const certificate = await authority.issue({ hosts: ["exchange.test"] });
const OPTIONS = {
  trust: { verify: true, extraRoots: [authority.pem] },
  clock: systemClock,
  signal: new AbortController().signal,
} as const;

/** A server that reads until the client is gone. */
const silent: Serve = async (conn) => {
  while (await conn.read(new Uint8Array(4096)) !== null);
};

/** The same; `heard` resolves when it has read something. */
function listener(): { readonly serve: Serve; readonly heard: Promise<void> } {
  const { promise: heard, resolve } = Promise.withResolvers<void>();
  const serve: Serve = async (conn) => {
    while (await conn.read(new Uint8Array(4096)) !== null) resolve();
  };
  return { serve, heard };
}

/** A clock on which every deadline passes as soon as `event` has happened. */
function clockOf(event: Promise<void>): Clock {
  return {
    ...systemClock,
    sleep: (_ms, { signal }) =>
      new Promise((resolve, reject) => {
        event.then(resolve);
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      }),
  };
}

function through({ url, ...more }: HttpProxy, options: Partial<DialOptions> = {}): DialOptions {
  return { ...OPTIONS, proxy: { url, ...more }, ...options };
}

Deno.test("the server's certificate going unverified does not extend to the proxy's", async () => {
  await using server = new TestServer(silent, certificate);
  await using proxy = new SimulatedProxy({
    hosts: { [ADDRESS]: server.port },
    certificate: await selfSigned(),
  });
  const trust = { verify: false, extraRoots: [authority.pem] };
  const error = await rejectionOf(dial(TARGET, through({ url: proxy.url }, { trust })));
  assert.deepEqual([error.code, error.kind], ["ProxyTlsUntrusted", "mailbox"]);
  assert.match(error.message, /^Cannot connect to proxy "localhost:[0-9]+": its certificate/);
  assert.doesNotMatch(error.hint ?? "", /ews_ssl/);
  assert.equal(proxy.requests.length, 0);
});

Deno.test("the proxy gets Basic credentials, in UTF-8 and unasked", async () => {
  await using server = new TestServer(silent, certificate);
  await using proxy = new SimulatedProxy({
    hosts: { [ADDRESS]: server.port },
    credentials: "CORP\\svc:pä:ss",
  });
  const { socket } = await dial(
    TARGET,
    through({ url: proxy.url, user: "CORP\\svc", password: new Secret("pä:ss") }),
  );
  socket.destroy();
  assert.equal(proxy.requests.length, 1);
});

Deno.test("refused proxy credentials are tried once by all connections, and not shown", async () => {
  await using proxy = new SimulatedProxy({ hosts: { [ADDRESS]: 1 }, credentials: "svc:right" });
  const wrong = { url: proxy.url, user: "svc", password: new Secret("hunter2") };
  const errors = await Promise.all(
    Array.from({ length: 8 }, () => rejectionOf(dial(TARGET, through(wrong)))),
  );
  for (const error of errors) {
    assert.deepEqual([error.code, error.kind], ["ProxyCredentialsRefused", "mailbox"]);
    assert.match(error.message, /not tried again before 20/);
    assert.match(error.hint ?? "", /HTTPS_PROXY or HTTP_PROXY/);
    assert.ok((error.retryAfterMs ?? 0) > 800_000);
    assert.doesNotMatch(error.message + error.hint + error.stack + error.cause, /hunter2|c3Zj/);
  }
  assert.equal(proxy.requests.length, 1);
});

Deno.test("a proxy that asks for credentials there are none of is named with the remedy", async () => {
  await using proxy = new SimulatedProxy({ credentials: "svc:right" });
  const error = await rejectionOf(dial(TARGET, through({ url: proxy.url })));
  assert.deepEqual([error.code, error.kind], ["ProxyAuthenticationRequired", "mailbox"]);
  const { host } = proxy.url;
  assert.equal(
    error.message,
    `Cannot connect to "exchange.test:443" through proxy "${host}": ` +
      "the proxy asks for a user name and a password",
  );
  assert.match(error.hint ?? "", /http:\/\/user:password@host:port/);
});

Deno.test("a proxy that signs in by NTLM or Kerberos only is told apart; nothing is held", async () => {
  await using proxy = new SimulatedProxy({ credentials: "svc:right" });
  proxy.switches.challenges = ["Negotiate", "NTLM", 'Digest realm="a, b", qop="auth"'];
  const given = { url: proxy.url, user: "svc", password: new Secret("right?") };
  for (const count of [1, 2]) {
    const error = await rejectionOf(dial(TARGET, through(given)));
    assert.deepEqual([error.code, error.kind], ["ProxyAuthenticationUnsupported", "mailbox"]);
    assert.match(error.message, /asks for Negotiate or NTLM or Digest, and only Basic/);
    assert.match(error.hint ?? "", /NO_PROXY/);
    assert.equal(proxy.requests.length, count);
  }
});

Deno.test("what else a proxy answers is told apart", async () => {
  const text = (answer: string) => new TextEncoder().encode(answer);
  const cases: readonly (readonly [Uint8Array, string, string, RegExp])[] = [
    [statusAnswer(403), "ProxyForbidden", "mailbox", /forbids it/],
    [statusAnswer(502), "ProxyCannotReachHost", "retryable", /status 502/],
    [statusAnswer(503), "ProxyCannotReachHost", "retryable", /status 503/],
    [statusAnswer(504), "ProxyCannotReachHost", "retryable", /status 504/],
    [statusAnswer(429), "ProxyRefused", "retryable", /status 429/],
    [statusAnswer(404), "ProxyRefused", "mailbox", /status 404/],
    [statusAnswer(302), "ProxyRefused", "mailbox", /status 302/],
    [text("SSH-2.0-proxy\r\n"), "ProxyNotHttp", "mailbox", /it says "SSH-2.0-proxy\?\?"/],
    [text("HTTP/1.1 abc\r\n\r\n"), "ProxyNotHttp", "mailbox", /it says "HTTP\/1.1 abc"/],
    [text("HTTP/1.1 100 Go on\r\n\r\n"), "ProxyNotHttp", "mailbox", /100/],
    [Uint8Array.of(21, 3, 1, 0, 2, 2, 80), "ProxyNotHttp", "mailbox", /it speaks TLS/],
    [text("HTTP/1.1 200 OK\r\n\r\nmore"), "ProxyNotHttp", "mailbox", /goes on talking/],
    [text(`HTTP/1.1 200 ${"x".repeat(100_000)}`), "ProxyNotHttp", "mailbox", /no end/],
  ];
  for (const [answer, code, kind, finding] of cases) {
    await using proxy = new SimulatedProxy();
    proxy.switches.rawAnswer = answer;
    const error = await rejectionOf(dial(TARGET, through({ url: proxy.url })));
    assert.deepEqual([error.code, error.kind], [code, kind], error.message);
    assert.match(error.message, /^Cannot connect to "exchange.test:443" through proxy "localhost:/);
    assert.match(error.message, finding);
    assert.match(error.message, /^[\x20-\x7e]{1,300}$/);
    assert.ok(error.hint);
    await waitUntil(() => proxy.openConnections === 0);
  }
});

Deno.test("a proxy that closes, or never answers, is named as the one that does", async () => {
  await using proxy = new SimulatedProxy();
  proxy.switches.rawAnswer = new Uint8Array(0);
  const clock = clockOf(waitUntil(() => proxy.requests.length === 1));
  const late = await rejectionOf(dial(TARGET, through({ url: proxy.url }, { clock })));
  assert.deepEqual([late.code, late.kind], ["ProxyTimeout", "retryable"]);
  assert.match(late.message, /the proxy did not answer within 30 s/);
  await waitUntil(() => proxy.openConnections === 0);
  proxy.switches.closes = true;
  const closed = await rejectionOf(dial(TARGET, through({ url: proxy.url })));
  assert.deepEqual([closed.code, closed.kind], ["ProxyConnectionClosed", "retryable"]);
});

Deno.test("an abort while a proxy does not answer ends it with its own reason", async () => {
  await using proxy = new SimulatedProxy();
  proxy.switches.rawAnswer = new Uint8Array(0);
  const abort = new AbortController();
  const dialling = dial(TARGET, through({ url: proxy.url }, { signal: abort.signal }));
  await waitUntil(() => proxy.requests.length === 1);
  abort.abort(new Error("enough"));
  await assert.rejects(dialling, /enough/);
  await waitUntil(() => proxy.openConnections === 0);
});

Deno.test("a proxy that is not there is named, not the server behind", async () => {
  let url: URL;
  {
    await using gone = new SimulatedProxy();
    url = gone.url;
  }
  const refused = await rejectionOf(dial(TARGET, through({ url })));
  assert.deepEqual([refused.code, refused.kind], ["ProxyConnectionRefused", "retryable"]);
  assert.ok(refused.message.startsWith(`Cannot connect to proxy "${url.host}": refused`));
  assert.match(refused.hint ?? "", /HTTPS_PROXY or HTTP_PROXY names this proxy/);

  const unknown = await rejectionOf(
    dial(TARGET, through({ url: new URL("http://exchange.invalid") })),
  );
  assert.deepEqual([unknown.code, unknown.kind], ["ProxyHostNotFound", "retryable"]);
  assert.match(unknown.message, /proxy "exchange.invalid:80": the host name cannot be resolved/);
});

Deno.test("what is wrong with a server's TLS is found out through the proxy, too", async () => {
  const other = await TestAuthority.create("Contoso Proxy CA");
  const inspecting = await other.issue({ hosts: ["exchange.test"] });
  await using server = new TestServer(silent, inspecting);
  await using proxy = new SimulatedProxy({ hosts: { [ADDRESS]: server.port } });
  const trust = { verify: true, extraRoots: [] };
  const error = await rejectionOf(dial(TARGET, through({ url: proxy.url }, { trust })));
  assert.deepEqual([error.code, error.kind], ["TlsUntrusted", "mailbox"]);
  assert.match(error.message, /issued by "CN=Contoso Proxy CA"/);
  await waitUntil(() => proxy.openConnections === 0);
});

Deno.test("a server behind a proxy that leaves the handshake unanswered is told as such", async () => {
  const { serve, heard } = listener();
  await using server = new TestServer(serve);
  await using proxy = new SimulatedProxy({ hosts: { [ADDRESS]: server.port } });
  const options = through({ url: proxy.url }, { clock: clockOf(heard) });
  const error = await rejectionOf(dial(TARGET, options));
  assert.deepEqual([error.code, error.kind], ["TlsHandshakeTimeout", "retryable"]);
  assert.match(error.message, /through proxy .*the TLS handshake was not answered within 30 s/);
});

Deno.test("a handshake within an https proxy's TLS that goes nowhere is closed for good", async () => {
  const { serve, heard } = listener();
  await using server = new TestServer(serve);
  await using proxy = new SimulatedProxy({
    hosts: { [ADDRESS]: server.port },
    certificate: await authority.issue(),
  });
  const given = { url: proxy.url, extraRoots: [authority.pem] };
  const error = await rejectionOf(dial(TARGET, through(given, { clock: clockOf(heard) })));
  assert.deepEqual([error.code, error.kind], ["TlsHandshakeTimeout", "retryable"]);
  await waitUntil(() => proxy.openConnections === 0 && server.openConnections === 0);
});
