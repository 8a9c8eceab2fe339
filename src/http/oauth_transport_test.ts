import assert from "node:assert/strict";
import type { LogFields } from "../core/env.ts";
import { LIMITS } from "../core/limits.ts";
import { Secret } from "../core/secret.ts";
import { systemClock } from "../runtime/system.ts";
import { page, refusal } from "../../tests/authority/authority_answers.ts";
import { tokensOf } from "../../tests/authority/authority_tokens.ts";
import { clientCertificate } from "../../tests/authority/client_certificate.ts";
import {
  type SimulatedAuthority,
  startSimulatedAuthority,
} from "../../tests/authority/simulated_authority.ts";
import type { PooledTransport } from "./connection_pool.ts";
import { CredentialGate } from "./credential_gate.ts";
import type { MsalTokenOptions } from "./msal_tokens.ts";
import { createOauthTransport } from "./oauth_transport.ts";
import { BearerServer } from "./testing/bearer_server.ts";
import { ShiftedClock } from "./testing/shifted_clock.ts";
import { TestServer } from "./testing/test_server.ts";
import { textOf } from "./testing/text_of.ts";
import { times } from "./testing/times.ts";
import { undiciCase } from "./testing/undici_case.ts";
import { waitUntil } from "./testing/wait_until.ts";
import { warningsTo } from "./testing/warning_log.ts";
import type { TokenSource } from "./token_source.ts";
import type { HttpRequest } from "./transport.ts";

const FOREVER = { signal: new AbortController().signal };
const CERTIFICATE = await clientCertificate();
const SCOPE = "https://outlook.office365.com/.default";

interface Setting {
  readonly authority: SimulatedAuthority;
  readonly exchange: BearerServer;
  readonly clock: ShiftedClock;
  readonly gate: CredentialGate;
  readonly transport: PooledTransport;
  readonly tokens: TokenSource;
  /** Messages and fields of warnings. */
  readonly warnings: (readonly [string, LogFields | undefined])[];
  readonly request: (body: string) => HttpRequest;
  /** Sends `body`; resolves to the status and the body of the answer. */
  readonly post: (body: string) => Promise<string>;
}

/** An authority, a server that trusts it, and a transport to that, all gone when `test` is over. */
async function using(
  options: Partial<MsalTokenOptions>,
  test: (setting: Setting) => Promise<void>,
): Promise<void> {
  const clock = new ShiftedClock();
  const gate = new CredentialGate("client", clock);
  const warnings: Setting["warnings"] = [];
  await using authority = await startSimulatedAuthority({ clock });
  const exchange = new BearerServer((token) => authority.judge(token) === "accepted");
  await using server = new TestServer(exchange.serve);
  await using tokens = tokensOf(authority, {
    scope: SCOPE,
    gate,
    clock,
    log: warningsTo((msg, fields) => warnings.push([msg, fields])),
    ...options,
  });
  const endpoint = server.url("/EWS/Exchange.asmx");
  const trust = { verify: true, extraRoots: [] };
  await using transport = createOauthTransport({ endpoint, tokens, trust, clock });
  const request = (body: string): HttpRequest => ({
    method: "POST",
    url: endpoint,
    headers: { "content-type": "text/xml" },
    body: new TextEncoder().encode(body),
  });
  const post = async (body: string) => {
    const response = await transport.send(request(body), FOREVER);
    return `${response.status} ${await textOf(response)}`;
  };
  const setting = { authority, exchange, clock, gate, transport, tokens, warnings, request, post };
  await test(setting);
}

undiciCase("with a client secret, requests of one hour share one token", async () => {
  await using({}, async ({ authority, exchange, post }) => {
    for (const body of ["one", "two", "three"]) assert.equal(await post(body), `200 ${body}`);
    assert.equal(authority.requests.length, 1);
    assert.deepEqual([exchange.connections, new Set(exchange.tokens).size], [1, 1]);
    const fields = authority.requests[0]?.fields;
    assert.deepEqual(
      [fields?.get("scope"), fields?.get("client_secret")],
      [SCOPE, authority.secret],
    );
  });
});

undiciCase("MSAL tells the authority nothing about this machine", async () => {
  await using({}, async ({ authority, post }) => {
    await post("one");
    const names = [...authority.requests[0]?.fields.keys() ?? []].sort();
    assert.deepEqual(names, [
      "client-request-id",
      "client_id",
      "client_secret",
      "grant_type",
      "scope",
      "x-ms-lib-capability",
    ]);
  });
});

for (const thumbprint of [CERTIFICATE.sha1, CERTIFICATE.sha256] as const) {
  const algorithm = thumbprint === CERTIFICATE.sha1 ? "RS256 and SHA-1" : "PS256 and SHA-256";
  undiciCase(`a certificate signs in with ${algorithm}, each time anew`, async () => {
    const credential = { privateKey: new Secret(CERTIFICATE.keyPem), thumbprint };
    await using({ credential }, async ({ authority, post }) => {
      authority.certificates = [CERTIFICATE.certificatePem];
      assert.equal(await post("one"), "200 one");
      authority.revokeTokens();
      assert.equal(await post("two"), "200 two");
      assert.equal(authority.requests.length, 2);
    });
  });
}

undiciCase("a certificate that is not registered is refused as that", async () => {
  const { keyPem, sha1 } = CERTIFICATE;
  const credential = { privateKey: new Secret(keyPem), thumbprint: sha1 };
  await using({ credential }, async ({ authority, post }) => {
    await assert.rejects(post("one"), { kind: "fatal", code: "OauthCertificateUnknown" });
    assert.equal(authority.refusedLogons, 1);
  });
});

undiciCase("a key that is not that of the certificate is refused as that", async () => {
  const other = await clientCertificate();
  const credential = { privateKey: new Secret(other.keyPem), thumbprint: CERTIFICATE.sha256 };
  await using({ credential }, async ({ authority, post }) => {
    authority.certificates = [CERTIFICATE.certificatePem];
    await assert.rejects(post("one"), { code: "OauthCertificateUnknown" });
  });
});

undiciCase("a clock that is off is named as the cause of a refused assertion", async () => {
  const { keyPem, sha256 } = CERTIFICATE;
  const credential = { privateKey: new Secret(keyPem), thumbprint: sha256 };
  await using({ credential }, async ({ authority, clock, post }) => {
    authority.certificates = [CERTIFICATE.certificatePem];
    // MSAL dates its assertions by the machine's clock, which is behind this one by an hour.
    clock.advance(3_600_000);
    const error = await post("one").then(() => assert.fail(), (error) => error);
    assert.deepEqual([error.kind, error.code], ["fatal", "OauthClockWrong"]);
    assert.match(error.message, /the clock of this machine is off; .*\(AADSTS700024/);
  });
});

undiciCase("a token that expires in mid-work is replaced without losing a request", async () => {
  await using({}, async ({ authority, exchange, clock, post }) => {
    await post("one");
    clock.advance(authority.lifetimeS * 1000);
    assert.deepEqual(
      await Promise.all(times(8, (at) => post(`${at}`))),
      times(8, (at) => `200 ${at}`),
    );
    assert.equal(authority.requests.length, 2);
    assert.equal(exchange.refusals, 0);
  });
});

undiciCase(
  "a token is renewed five minutes ahead while requests go on with the old one",
  async () => {
    await using({}, async ({ authority, exchange, clock, post }) => {
      await post("one");
      clock.advance(authority.lifetimeS * 1000 - 5 * 60_000 - 60_000);
      await post("two");
      assert.equal(authority.requests.length, 1);
      const hold = Promise.withResolvers<void>();
      authority.fault = () => hold.promise.then(() => refusal(90033));
      clock.advance(60_000);
      assert.equal(await post("three"), "200 three");
      assert.equal(new Set(exchange.tokens).size, 1);
      hold.resolve();
    });
    await using({}, async ({ authority, exchange, clock, tokens, post }) => {
      await post("one");
      const old = await tokens.token(FOREVER);
      clock.advance(authority.lifetimeS * 1000 - 5 * 60_000);
      await post("two");
      await waitUntil(() => authority.requests.length === 2);
      // What was issued must still find its way here.
      while (await tokens.token(FOREVER) === old) await systemClock.sleep(5, FOREVER);
      await post("three");
      assert.equal(new Set(exchange.tokens).size, 2);
      assert.equal(exchange.refusals, 0);
    });
  },
);

undiciCase("a short token is renewed when a tenth of its life is left", async () => {
  await using({}, async ({ authority, clock, post }) => {
    authority.lifetimeS = 600;
    await post("one");
    clock.advance(530_000);
    await post("two");
    assert.equal(authority.requests.length, 1);
    clock.advance(20_000);
    await post("three");
    await waitUntil(() => authority.requests.length === 2);
  });
});

undiciCase(
  "a renewal that fails harms nobody while the old token is valid, and is said",
  async () => {
    await using({}, async ({ authority, clock, warnings, post }) => {
      await post("one");
      authority.fault = () => page(503);
      clock.advance(authority.lifetimeS * 1000 - 60_000);
      assert.equal(await post("two"), "200 two");
      await waitUntil(() => warnings.length === 1);
      assert.equal(warnings[0]?.[1]?.code, "AuthorityUnavailable");
      await Promise.all(times(8, () => post("more")));
      assert.equal(authority.requests.length, 2, "the next attempt is half a minute away");
      clock.advance(30_000);
      authority.fault = undefined;
      assert.equal(await post("three"), "200 three");
      await waitUntil(() => authority.requests.length === 3);
    });
  },
);

undiciCase("of 8 requests with a revoked token all go on after one refresh", async () => {
  await using({}, async ({ authority, exchange, post }) => {
    await Promise.all(times(8, () => post("before")));
    authority.revokeTokens();
    const answers = await Promise.all(times(8, (at) => post(`${at}`)));
    assert.deepEqual(answers, times(8, (at) => `200 ${at}`));
    assert.equal(authority.requests.length, 2);
    assert.equal(exchange.answered.length, 16);
  });
});

undiciCase(
  "a fresh token that is refused too is the answer, and is not followed by more",
  async () => {
    await using({}, async ({ authority, exchange, clock, transport, request, post }) => {
      exchange.refusesAll = true;
      const response = await transport.send(request("one"), FOREVER);
      assert.equal(response.status, 401);
      assert.match(response.headers.get("x-ms-diagnostics") ?? "", /The token has expired/);
      await response.body[Symbol.asyncIterator]().return?.();
      assert.equal(authority.requests.length, 2);
      for (const body of ["two", "three"]) assert.match(await post(body), /^401 /);
      assert.equal(authority.requests.length, 2);
      clock.advance(LIMITS.signInBackoffMs);
      exchange.refusesAll = false;
      assert.equal(await post("four"), "200 four");
      assert.equal(authority.requests.length, 2);
    });
  },
);

undiciCase("requests that begin together share one token request", async () => {
  await using({}, async ({ authority, post }) => {
    await Promise.all(times(16, () => post("together")));
    assert.equal(authority.requests.length, 1);
  });
});

undiciCase("who is aborted while waiting for a token does not end it for the others", async () => {
  await using({}, async ({ authority, transport, request, post }) => {
    const hold = Promise.withResolvers<undefined>();
    authority.fault = () => hold.promise.then(() => refusal(7000215));
    const abort = new AbortController();
    const first = transport.send(request("first"), { signal: abort.signal });
    const second = post("second");
    await waitUntil(() => authority.requests.length === 1);
    abort.abort(new Error("enough"));
    await assert.rejects(first, /enough/);
    hold.resolve(undefined);
    await assert.rejects(second, { code: "OauthSecretWrong" });
    assert.equal(authority.requests.length, 1);
  });
});

undiciCase("a wrong secret costs one logon in 15 minutes with 8 connections waiting", async () => {
  await using({ credential: { secret: new Secret("wr0ng-secret") } }, async (setting) => {
    const { authority, exchange, clock, post } = setting;
    const refused = { kind: "fatal", code: "OauthSecretWrong" };
    await Promise.all(times(8, () => assert.rejects(post("one"), refused)));
    clock.advance(LIMITS.credentialHoldMs - 60_000);
    await Promise.all(times(8, () => assert.rejects(post("two"), refused)));
    assert.deepEqual([authority.refusedLogons, authority.requests.length], [1, 1]);
    clock.advance(60_000);
    await assert.rejects(post("three"), refused);
    assert.equal(authority.refusedLogons, 2);
    assert.equal(exchange.connections, 0, "Exchange is not bothered");
  });
});

undiciCase("a refusal after a success never ends the process", async () => {
  await using({}, async ({ authority, clock, post }) => {
    await post("one");
    clock.advance(authority.lifetimeS * 1000);
    authority.fault = () => refusal(7000222);
    await assert.rejects(post("two"), { kind: "retryable", code: "OauthSecretExpired" });
    await assert.rejects(post("two"), { kind: "retryable", code: "OauthSecretExpired" });
    assert.equal(authority.refusedLogons, 1);
    clock.advance(LIMITS.signInBackoffMs);
    await assert.rejects(post("three"), { kind: "mailbox", code: "OauthSecretExpired" });
    assert.equal(authority.refusedLogons, 2);
    clock.advance(LIMITS.credentialHoldMs);
    authority.fault = undefined;
    assert.equal(await post("four"), "200 four");
  });
});

undiciCase("an authority that is out of order is asked every few seconds at most", async () => {
  await using({}, async ({ authority, clock, post }) => {
    authority.fault = () => page(503, { "Retry-After": "120" });
    const busy = { kind: "retryable", code: "AuthorityUnavailable" };
    await Promise.all(times(8, () => assert.rejects(post("one"), busy)));
    const error = await post("two").then(() => assert.fail(), (error) => error);
    assert.ok(error.retryAfterMs > 110_000 && error.retryAfterMs <= 120_000);
    assert.equal(authority.requests.length, 1);
    clock.advance(120_000);
    authority.fault = undefined;
    assert.equal(await post("three"), "200 three");
  });
});
