import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { SyncError } from "../core/errors.ts";
import { systemClock } from "../runtime/system.ts";
import { dial, type DialOptions } from "./dial.ts";
import { selfSigned, TestAuthority } from "./testing/certificates.ts";
import { encodeResponse, writeAll } from "./testing/http_wire.ts";
import { rejectionOf } from "./testing/rejection_of.ts";
import { type Serve, TestServer } from "./testing/test_server.ts";
import { waitUntil } from "./testing/wait_until.ts";

const authority = await TestAuthority.create("Test & Sons Root");
const FOREVER = { signal: new AbortController().signal };
const TRUSTING: DialOptions = {
  trust: { verify: true, extraRoots: [authority.pem] },
  clock: systemClock,
  ...FOREVER,
};
const TRUSTING_NO_ONE = { ...TRUSTING, trust: { verify: true, extraRoots: [] } };
const TRUSTING_ANYONE = { ...TRUSTING, trust: { verify: false, extraRoots: [] } };

/** Reads until the client is gone. */
const silent: Serve = async (conn) => {
  while (await conn.read(new Uint8Array(4096)) !== null);
};

async function failureOf(server: TestServer, options = TRUSTING): Promise<SyncError> {
  return await rejectionOf(dial(httpsUrl(server), options));
}

function httpsUrl({ port }: TestServer): URL {
  return new URL(`https://localhost:${port}/`);
}

Deno.test("a certificate for other names is described by them", async () => {
  const hosts = ["a", "b", "c", "d", "e", "f", "g"].map((name) => `${name}.example`);
  await using server = new TestServer(silent, await authority.issue({ hosts }));
  const error = await failureOf(server);
  assert.equal(error.code, "TlsHostnameMismatch");
  assert.ok(error.message.includes(
    'its certificate is for "a.example", "b.example", "c.example", "d.example", "e.example" ' +
      'and 2 more, not for "localhost" (',
  ));
});

Deno.test("a certificate out of its time is described by its dates", async () => {
  await using expired = new TestServer(
    silent,
    await authority.issue({ notAfter: new Date("2021-01-01") }),
  );
  const late = await failureOf(expired);
  assert.equal(late.code, "TlsExpired");
  assert.match(late.message, /its certificate has expired on 2021-01-01 \(/);
  await using future = new TestServer(
    silent,
    await authority.issue({ notBefore: new Date("2090-02-03") }),
  );
  const early = await failureOf(future);
  assert.equal(early.code, "TlsNotYetValid");
  assert.match(early.message, /is not valid yet, but from 2090-02-03 on \(/);
  assert.match(early.hint ?? "", /clock of this machine/);
});

Deno.test("whoever signed an untrusted certificate is named, as an inspecting proxy would be", async () => {
  await using server = new TestServer(silent, await authority.issue());
  const error = await failureOf(server, TRUSTING_NO_ONE);
  assert.equal(error.code, "TlsUntrusted");
  assert.match(
    error.message,
    /\(invalid peer certificate: UnknownIssuer\); the certificate of "CN=localhost" is issued by "CN=Test & Sons Root", valid from 2020-01-01 to 2100-01-01$/,
  );
  assert.match(error.message, /^[\x20-\x7e]{1,600}$/);
});

Deno.test("remedies name no setting that is not about the server", async () => {
  await using server = new TestServer(silent, await authority.issue());
  const own = await failureOf(server, TRUSTING_NO_ONE);
  assert.match(own.hint ?? "", /`ews_ssl_ca_file`.*inspects TLS/);
  const other = await failureOf(server, { ...TRUSTING_NO_ONE, hasOwnSettings: false });
  assert.match(other.hint ?? "", /the roots of this system \(or `SSL_CERT_FILE`\)/);
  assert.doesNotMatch(other.hint ?? "", /ews_ssl|inspects/);
});

Deno.test("a failing server is looked at once a minute, by all connections together", async () => {
  let accepted = 0;
  await using server = new TestServer(async (conn) => {
    accepted++;
    await silent(conn);
  }, await selfSigned());
  const errors = await Promise.all([1, 2, 3, 4, 5].map(() => failureOf(server)));
  errors.push(await failureOf(server));
  for (const error of errors) {
    assert.equal(error.code, "TlsSelfSigned");
    assert.match(error.message, /issued by itself/);
  }
  // Six attempts and one hello.
  assert.equal(accepted, 7);
  await waitUntil(() => server.openConnections === 0);
});

Deno.test("a connection that is closed or reset in the handshake is looked at, and may pass", async () => {
  // What is not read when a connection is closed makes the system reset it.
  for (const bytesRead of [4096, 10]) {
    let hellos = 0;
    await using server = new TestServer(async (conn) => {
      await conn.read(new Uint8Array(bytesRead));
      hellos++;
    });
    const error = await failureOf(server);
    assert.deepEqual([error.code, error.kind], ["TlsConnectionClosed", "retryable"], error.message);
    assert.match(error.message, /closed by the other side before the connection was established/);
    assert.equal(hellos, 2);
  }
});

// As servers of Microsoft do that have no cipher in common with the client.
Deno.test("a server that resets instead of refusing is asked what it would agree to", async () => {
  const random = Array<number>(32).fill(7);
  const body = [3, 1, ...random, 0, 0x00, 0x2f, 0]; // TLS 1.0, AES128-SHA
  const message = [2, 0, 0, body.length, ...body];
  const hello = Uint8Array.from([22, 3, 1, 0, message.length, ...message]);
  let connections = 0;
  await using server = new TestServer(async (conn) => {
    await conn.read(new Uint8Array(connections++ === 0 ? 10 : 4096));
    if (connections === 2) await writeAll(conn, hello);
  });
  const error = await failureOf(server);
  assert.deepEqual([error.code, error.kind], ["TlsVersionRefused", "mailbox"], error.message);
  assert.match(error.message, /the newest it speaks is TLS 1\.0, with AES128-SHA/);
  assert.match(error.hint ?? "", /`ews_ssl_ciphers` to "AES128-SHA:@SECLEVEL=0"/);
});

Deno.test("a plain http port is no TLS, and nobody looks twice", async () => {
  let connections = 0;
  await using server = new TestServer(async (conn) => {
    connections++;
    await conn.read(new Uint8Array(4096));
    await writeAll(conn, encodeResponse({ status: 400 }));
  });
  const error = await failureOf(server);
  assert.deepEqual([error.code, error.kind], ["TlsNotSpoken", "mailbox"]);
  assert.match(error.hint ?? "", /http:\/\//);
  assert.equal(connections, 1);
});

Deno.test("that one connection goes unverified changes nothing for the next", async () => {
  await using server = new TestServer(silent, await selfSigned({ hosts: ["other.example"] }));
  const { socket, certificate } = await dial(httpsUrl(server), TRUSTING_ANYONE);
  assert.ok(certificate);
  const error = await failureOf(server);
  assert.equal(error.kind, "mailbox");
  socket.destroy();
});

Deno.test("roots that one connection is given are not trusted by the next", async () => {
  await using server = new TestServer(silent, await authority.issue());
  const { socket } = await dial(httpsUrl(server), TRUSTING);
  assert.equal((await failureOf(server, TRUSTING_NO_ONE)).code, "TlsUntrusted");
  socket.destroy();
});

Deno.test("a host name that TLS does not know is refused before anything is sent", async () => {
  const error = await rejectionOf(dial(new URL("https://a..b.example/"), TRUSTING));
  assert.deepEqual([error.code, error.kind], ["TlsNameInvalid", "mailbox"]);
});

Deno.test("SSL_CERT_FILE is trusted, and named where it cannot be read", async () => {
  await using server = new TestServer(silent, await authority.issue());
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/ca.pem`, authority.pem);
    const other = await TestAuthority.create("Other");
    await Deno.writeTextFile(`${folder}/other.pem`, other.pem);
    const url = httpsUrl(server).href;
    assert.equal(await dialOnce(url, `${folder}/ca.pem`), "connected");
    assert.match(await dialOnce(url, `${folder}/other.pem`), /^mailbox TlsUntrusted /);
    assert.match(
      await dialOnce(url, `${folder}/missing.pem`),
      /^fatal TrustStoreInvalid The certificates to trust cannot be loaded: .*No such file/,
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

async function dialOnce(url: string, certFile: string): Promise<string> {
  const script = fileURLToPath(new URL("testing/dial_once.ts", import.meta.url));
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", "--no-check", "--cached-only", script, url],
    env: { SSL_CERT_FILE: certFile },
  }).output();
  const text = new TextDecoder().decode(stdout).trim();
  return text === "" ? new TextDecoder().decode(stderr) : text;
}
