import assert from "node:assert/strict";
import { LIMITS } from "../core/limits.ts";
import { Secret } from "../core/secret.ts";
import { type BasicTransportOptions, createBasicTransport } from "./basic_transport.ts";
import { CredentialGate } from "./credential_gate.ts";
import { RotatingSecret } from "./rotating_secret.ts";
import { BasicServer } from "./testing/basic_server.ts";
import { TestAuthority } from "./testing/certificates.ts";
import { ShiftedClock } from "./testing/shifted_clock.ts";
import { TestServer } from "./testing/test_server.ts";
import { textOf } from "./testing/text_of.ts";
import { times } from "./testing/times.ts";
import { undiciCase } from "./testing/undici_case.ts";
import { waitUntil } from "./testing/wait_until.ts";
import { WatchedGate } from "./testing/watched_gate.ts";
import { silentLog } from "./testing/warning_log.ts";

const authority = await TestAuthority.create();
const certificate = await authority.issue();
const FOREVER = { signal: new AbortController().signal };
const USER = "CORP\\svc";
const PASSWORD = "pässword: 1";

interface Setting {
  readonly server: TestServer;
  readonly exchange: BasicServer;
  readonly clock: ShiftedClock;
  readonly gate: WatchedGate;
  /** Sends `body`; resolves to the status and the body of the answer. */
  readonly post: (body: string) => Promise<string>;
}

interface SettingOptions extends Omit<Partial<BasicTransportOptions>, "password"> {
  readonly password?: (gate: CredentialGate) => BasicTransportOptions["password"];
}

/** A server over TLS and a transport to it, both gone when `test` is over. */
async function using(options: SettingOptions, test: (setting: Setting) => Promise<void>) {
  const { password = () => new Secret(PASSWORD), ...transportOptions } = options;
  const clock = new ShiftedClock();
  const gate = new WatchedGate(USER, clock);
  const exchange = new BasicServer(`${USER}:${PASSWORD}`);
  await using server = new TestServer(exchange.serve, certificate);
  const endpoint = server.url("/EWS/Exchange.asmx");
  await using transport = createBasicTransport({
    endpoint,
    user: USER,
    password: password(gate),
    gate,
    trust: { verify: true, extraRoots: [authority.pem] },
    clock,
    ...transportOptions,
  });
  const post = async (body: string) => {
    const request = { method: "POST", url: endpoint, headers: {}, body: utf8(body) } as const;
    const response = await transport.send(request, FOREVER);
    return `${response.status} ${await textOf(response)}`;
  };
  await test({ server, exchange, clock, gate, post });
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

undiciCase("every request carries user and password in UTF-8 over one connection", async () => {
  await using({}, async ({ exchange, post }) => {
    for (const body of ["one", "two", "three"]) assert.equal(await post(body), `200 ${body}`);
    assert.deepEqual([exchange.connections, exchange.logons, exchange.refusals], [1, 3, 0]);
  });
});

undiciCase("of 8 requests at once the first signs in alone", async () => {
  await using({}, async ({ exchange, post }) => {
    const hold = Promise.withResolvers<void>();
    exchange.holds = hold.promise;
    const answers = times(8, (at) => post(`${at}`));
    await waitUntil(() => exchange.logons === 1);
    await waitUntil(() => exchange.connections === 1);
    assert.equal(exchange.logons, 1);
    exchange.holds = undefined;
    hold.resolve();
    assert.deepEqual(await Promise.all(answers), times(8, (at) => `200 ${at}`));
  });
});

undiciCase(
  "a wrong password costs one sign-in in 15 minutes with 8 connections waiting",
  async () => {
    await using({ password: () => new Secret("wr0ng") }, async (setting) => {
      const { server, exchange, clock, post } = setting;
      const refused = { kind: "fatal", code: "CredentialsRefused" };
      await Promise.all(times(8, () => assert.rejects(post("one"), refused)));
      await waitUntil(() => server.openConnections === 0);
      clock.advance(LIMITS.credentialHoldMs - 60_000);
      await Promise.all(times(8, () => assert.rejects(post("two"), refused)));
      assert.deepEqual([exchange.logons, exchange.refusals], [1, 1]);
      clock.advance(60_000);
      await assert.rejects(post("three"), refused);
      assert.equal(exchange.logons, 2);
    });
  },
);

undiciCase(
  "a refusal after a success is throttling first, then one mailbox's failure",
  async () => {
    await using({}, async ({ exchange, clock, post }) => {
      await post("one");
      exchange.credentials = "changed";
      await assert.rejects(post("two"), { kind: "retryable", code: "SignInThrottled" });
      await assert.rejects(post("two"), { kind: "retryable" });
      assert.equal(exchange.refusals, 1);
      clock.advance(LIMITS.signInBackoffMs);
      await assert.rejects(post("three"), { kind: "mailbox", code: "CredentialsRefused" });
      assert.equal(exchange.refusals, 2);
    });
  },
);

undiciCase(
  "of 8 connections that all end while the password changes one is refused",
  async () => {
    await using({ connectionsMax: 8 }, async ({ server, exchange, clock, gate, post }) => {
      const hold = Promise.withResolvers<void>();
      await post("first");
      exchange.holds = hold.promise;
      const answers = times(8, (at) => post(`${at}`));
      await waitUntil(() => exchange.logons === 9);
      hold.resolve();
      await Promise.all(answers);
      clock.advance(LIMITS.signInProofAfterLossMs);
      exchange.credentials = "changed";
      server.closeConnections();
      await waitUntil(() => gate.lost === 8);
      const results = await Promise.allSettled(times(8, () => post("again")));
      assert.ok(results.every(({ status }) => status === "rejected"));
      await assert.rejects(post("once more"), { code: "SignInThrottled" });
      assert.equal(exchange.refusals, 1);
    });
  },
);

undiciCase("a password that was replaced where it is kept is read again on a 401", async () => {
  let kept = PASSWORD;
  const password = (gate: CredentialGate) =>
    new RotatingSecret(new Secret(kept), {
      read: () => Promise.resolve(new Secret(kept)),
      onChange: () => gate.secretChanged(),
      log: silentLog,
    });
  await using({ password }, async ({ exchange, post }) => {
    await post("one");
    kept = "n3w";
    exchange.credentials = `${USER}:n3w`;
    assert.equal(await post("two"), "200 two");
    assert.equal(exchange.refusals, 1);
    assert.deepEqual(await Promise.all(times(4, () => post("all"))), times(4, () => "200 all"));
  });
});

undiciCase("a password that is replaced during the hold ends it", async () => {
  let kept = "wr0ng";
  const password = (gate: CredentialGate) =>
    new RotatingSecret(new Secret(kept), {
      read: () => Promise.resolve(new Secret(kept)),
      onChange: () => gate.secretChanged(),
      log: silentLog,
    });
  await using({ password }, async ({ exchange, post }) => {
    await assert.rejects(post("one"), { kind: "fatal" });
    await assert.rejects(post("one"), { kind: "fatal" });
    assert.equal(exchange.logons, 1);
    kept = PASSWORD;
    assert.deepEqual(await Promise.all(times(8, () => post("all"))), times(8, () => "200 all"));
    assert.equal(exchange.refusals, 1);
  });
});

undiciCase("what a gateway answers says nothing about the credentials", async () => {
  await using({}, async ({ exchange, gate, post }) => {
    exchange.instead = { status: 503 };
    assert.equal(await post("one"), "503 ");
    assert.equal(gate.everAccepted, false);
    exchange.instead = undefined;
    assert.equal(await post("two"), "200 two");
    assert.equal(gate.everAccepted, true);
  });
});

undiciCase("a server that does not offer Basic is told from wrong credentials", async () => {
  await using({}, async ({ exchange, post }) => {
    exchange.offer = 'Negotiate, NTLM, Digest realm="Basic"';
    exchange.credentials = "";
    await assert.rejects(post("one"), { kind: "fatal", code: "BasicNotOffered" });
    await assert.rejects(post("one"), { kind: "fatal", code: "BasicNotOffered" });
    exchange.credentials = `${USER}:${PASSWORD}`;
    await post("two");
    exchange.credentials = "";
    await assert.rejects(post("three"), { kind: "mailbox", code: "BasicNotOffered" });
  });
});

undiciCase("over http a password goes to this machine only", async () => {
  const options = {
    user: USER,
    password: new Secret(PASSWORD),
    clock: new ShiftedClock(),
    trust: { verify: true, extraRoots: [] },
  };
  const gate = new CredentialGate(USER, options.clock);
  const refused = { kind: "fatal", code: "BasicUnencrypted" };
  for (const host of ["exchange.invalid", "127.0.0.1.exchange.invalid", "10.0.0.1"]) {
    const endpoint = new URL(`http://${host}/EWS/Exchange.asmx`);
    assert.throws(() => createBasicTransport({ ...options, gate, endpoint }), refused);
  }
  const exchange = new BasicServer(`${USER}:${PASSWORD}`);
  await using server = new TestServer(exchange.serve);
  const endpoint = server.url("/EWS/Exchange.asmx");
  await using transport = createBasicTransport({ ...options, gate, endpoint });
  const request = { method: "POST", url: endpoint, headers: {} } as const;
  const { status, body } = await transport.send(request, FOREVER);
  assert.equal(status, 200);
  await body[Symbol.asyncIterator]().return?.();
});

Deno.test("a user name with a colon is refused before anything is sent", () => {
  const clock = new ShiftedClock();
  const create = () =>
    createBasicTransport({
      endpoint: new URL("https://exchange.invalid/EWS/Exchange.asmx"),
      user: "CORP:svc",
      password: new Secret(PASSWORD),
      gate: new CredentialGate("CORP:svc", clock),
      trust: { verify: true, extraRoots: [] },
      clock,
    });
  assert.throws(create, { kind: "fatal", code: "BasicUserInvalid" });
});

undiciCase("the password is in no error", async () => {
  await using({ password: () => new Secret("s3cret-w0rd") }, async ({ post }) => {
    const error = await post("one").then(() => assert.fail(), (error) => error);
    const shown = Deno.inspect(error, { depth: 10 });
    for (const secret of ["s3cret-w0rd", btoa(`${USER}:s3cret-w0rd`)]) {
      assert.ok(!shown.includes(secret));
    }
  });
});
