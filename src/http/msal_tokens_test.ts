import assert from "node:assert/strict";
import type { Clock } from "../core/env.ts";
import { LIMITS } from "../core/limits.ts";
import { SyncError } from "../core/errors.ts";
import { Secret } from "../core/secret.ts";
import { systemClock } from "../runtime/system.ts";
import { hugeAnswer, json, page, refusal } from "../../tests/authority/authority_answers.ts";
import { tokensOf } from "../../tests/authority/authority_tokens.ts";
import { clientCertificate } from "../../tests/authority/client_certificate.ts";
import {
  type AuthorityFault,
  type SimulatedAuthority,
  type SimulatedAuthorityOptions,
  startSimulatedAuthority,
} from "../../tests/authority/simulated_authority.ts";
import { SimulatedProxy } from "../../tests/proxy/simulated_proxy.ts";
import { CredentialGate } from "./credential_gate.ts";
import type { MsalTokenOptions } from "./msal_tokens.ts";
import { RotatingSecret } from "./rotating_secret.ts";
import { ShiftedClock } from "./testing/shifted_clock.ts";
import { undiciCase } from "./testing/undici_case.ts";
import { waitUntil } from "./testing/wait_until.ts";
import { silentLog, warningsTo } from "./testing/warning_log.ts";
import type { TokenSource } from "./token_source.ts";

const FOREVER = { signal: new AbortController().signal };
const CERTIFICATE = await clientCertificate();
const SCOPE = "https://mail.corp.example/.default";

interface Setting {
  readonly authority: SimulatedAuthority;
  readonly clock: ShiftedClock;
  readonly gate: CredentialGate;
  readonly tokens: TokenSource;
  readonly warnings: unknown[];
}

type SettingOptions = (
  authority: SimulatedAuthority,
  gate: CredentialGate,
) => Partial<MsalTokenOptions>;

async function using(
  options: SettingOptions,
  test: (setting: Setting) => Promise<void>,
  authorityOptions: SimulatedAuthorityOptions = {},
): Promise<void> {
  const clock = new ShiftedClock();
  const gate = new CredentialGate("client", clock);
  const warnings: unknown[] = [];
  await using authority = await startSimulatedAuthority(authorityOptions);
  await using tokens = tokensOf(authority, {
    scope: SCOPE,
    gate,
    clock,
    log: warningsTo((msg, fields) => warnings.push({ msg, ...fields })),
    ...options(authority, gate),
  });
  await test({ authority, clock, gate, tokens, warnings });
}

function isIssued({ authority, tokens }: Setting): Promise<boolean> {
  return tokens.token(FOREVER).then(({ value }) => authority.judge(value.reveal()) === "accepted");
}

for (const rest of ["/", "/v2.0", "/oauth2/v2.0/token"]) {
  undiciCase(`an authority that is written with ${rest} at its end issues tokens`, async () => {
    const options: SettingOptions = ({ url }) => ({ authority: new URL(`${url.href}${rest}`) });
    await using(options, async (setting) => assert.ok(await isIssued(setting)));
  });
}

for (
  const host of [
    "login.microsoftonline.com",
    "login.windows.net",
    "login.microsoft.com",
    "sts.windows.net",
    "login.microsoftonline.us",
    "login.partner.microsoftonline.cn",
    "login.chinacloudapi.cn",
  ]
) {
  undiciCase(`with the authority ${host} nothing is asked of any other host`, async () => {
    const asked: string[] = [];
    const stop = new SyncError("retryable", "Stop", "Only where to is asked here");
    const proxyFor = (url: URL) => {
      asked.push(url.host);
      throw stop;
    };
    const authority = new URL(`https://${host}/tenant`);
    await using(() => ({ authority, proxyFor }), async ({ tokens }) => {
      await assert.rejects(tokens.token(FOREVER), { code: "Stop" });
      assert.deepEqual(asked, [host]);
    });
  });
}

undiciCase("AD FS issues tokens", async () => {
  const test = async (setting: Setting) => {
    assert.ok(await isIssued(setting));
    assert.equal(setting.authority.requests[0]?.path, "/adfs/oauth2/token");
  };
  await using(() => ({}), test, { tenant: "adfs" });
});

undiciCase("a key whose line ends are escaped signs in", async () => {
  const privateKey = new Secret(CERTIFICATE.rsaKeyPem.replaceAll("\n", "\\n"));
  const credential = { privateKey, thumbprint: CERTIFICATE.sha1.replaceAll(":", "") };
  await using(() => ({ credential }), async (setting) => {
    setting.authority.certificates = [CERTIFICATE.certificatePem];
    assert.ok(await isIssued(setting));
  });
});

/** Answers to a token request, and what they come to before any success. */
const FAULTS: readonly (readonly [string, AuthorityFault, string, string])[] = [
  ["a page with 200", () => page(200), "retryable", "AuthorityAnswerInvalid"],
  ["a page with 404", () => page(404), "retryable", "AuthorityAnswerInvalid"],
  [
    "a redirect",
    () => page(302, { Location: "https://portal.invalid/" }),
    "retryable",
    "AuthorityAnswerInvalid",
  ],
  [
    "malformed JSON",
    () => ({ status: 200, headers: {}, body: '{"access_token":' }),
    "retryable",
    "AuthorityAnswerInvalid",
  ],
  ["no token", () => json(200, { expires_in: 3600 }), "retryable", "AuthorityAnswerInvalid"],
  [
    "a token without an end",
    () => json(200, { access_token: "token", token_type: "Bearer" }),
    "retryable",
    "AuthorityAnswerInvalid",
  ],
  [
    "a token that would be another header field",
    () => json(200, { access_token: "a\r\nX-Evil: 1", token_type: "Bearer", expires_in: 3600 }),
    "retryable",
    "AuthorityAnswerInvalid",
  ],
  ["a huge body", () => hugeAnswer(50_000_000), "retryable", "AuthorityAnswerInvalid"],
  ["a 500", () => page(500), "retryable", "AuthorityUnavailable"],
  ["a 429", () => page(429, { "Retry-After": "7" }), "retryable", "AuthorityBusy"],
  ["a transient error", () => refusal(90033), "retryable", "AuthorityUnavailable"],
  ["a missing consent", () => refusal(65001), "fatal", "OauthConsentMissing"],
  [
    "an unknown refusal",
    () => refusal(9999999, "secret: s3cret~of+the/client"),
    "fatal",
    "OauthClientRefused",
  ],
];

for (const [name, fault, kind, code] of FAULTS) {
  undiciCase(`${name} in place of a token is ${kind} ${code}`, async () => {
    await using(() => ({}), async (setting) => {
      const { authority, clock, tokens } = setting;
      authority.fault = fault;
      await assert.rejects(tokens.token(FOREVER), { kind, code });
      assert.equal(authority.requests.length, 1, "asked once");
      authority.fault = undefined;
      clock.advance(LIMITS.credentialHoldMs);
      assert.ok(await isIssued(setting), "it recovers by itself");
    });
  });
}

undiciCase(
  "of a huge answer no more is read than a mebibyte and what lies in buffers",
  async () => {
    await using(() => ({}), async ({ authority, tokens }) => {
      authority.fault = () => hugeAnswer(500_000_000);
      await assert.rejects(tokens.token(FOREVER), /is too large/);
    });
  },
);

undiciCase("metadata that cannot be had is no refusal either, and nothing was sent", async () => {
  for (const answer of [page(200), page(404), json(200, {}), page(503)]) {
    await using(() => ({}), async ({ authority, tokens }) => {
      authority.metadataFault = () => answer;
      await assert.rejects(tokens.token(FOREVER), { kind: "retryable" });
      assert.equal(authority.requests.length, 0);
    });
  }
});

undiciCase("a token endpoint on another host gets nothing", async () => {
  await using(() => ({}), async ({ authority, tokens }) => {
    await using other = await startSimulatedAuthority();
    authority.metadataFault = () =>
      json(200, {
        issuer: `${authority.url.href}/v2.0`,
        authorization_endpoint: `${other.url.href}/oauth2/v2.0/authorize`,
        token_endpoint: `${other.url.href}/oauth2/v2.0/token`,
        jwks_uri: `${other.url.href}/discovery/keys`,
      });
    await assert.rejects(tokens.token(FOREVER), { kind: "fatal", code: "OauthAuthorityInvalid" });
    assert.deepEqual([authority.requests.length, other.requests.length], [0, 0]);
  });
});

undiciCase("an authority that does not answer is given up", async () => {
  const end = Promise.withResolvers<void>();
  await using(() => ({ requestMsMax: 500 }), async ({ authority, tokens }) => {
    authority.fault = () => end.promise.then(() => page(503));
    await assert.rejects(tokens.token(FOREVER), { kind: "retryable", code: "Timeout" });
    end.resolve();
  });
});

undiciCase("an authority that is not there, or not trusted, is named, with a remedy", async () => {
  const gone = await startSimulatedAuthority();
  await gone[Symbol.asyncDispose]();
  await using(() => ({ authority: gone.url }), async ({ tokens }) => {
    await assert.rejects(tokens.token(FOREVER), { kind: "retryable", code: "ConnectionRefused" });
  });
  await using(() => ({ caCerts: [] }), async ({ authority, tokens }) => {
    const error = await tokens.token(FOREVER).then(() => assert.fail(), (error) => error);
    assert.equal(error.code, "TlsUntrusted");
    assert.match(error.message, new RegExp(authority.url.host));
    assert.match(error.hint, /SSL_CERT_FILE/);
    assert.doesNotMatch(error.hint, /ews_ssl/);
  });
});

undiciCase(
  "the authority is reached through a proxy, which learns its name and no more",
  async () => {
    await using authority = await startSimulatedAuthority();
    const { host, port } = authority.url;
    const credentials = "proxy:p4ss";
    await using proxy = new SimulatedProxy({ credentials, hosts: { [host]: Number(port) } });
    const options = (password: string): SettingOptions => () => ({
      authority: authority.url,
      caCerts: [authority.caPem],
      proxyFor: () => ({ url: proxy.url, user: "proxy", password: new Secret(password) }),
    });
    await using(options("p4ss"), async ({ tokens }) => {
      const { value } = await tokens.token(FOREVER);
      assert.equal(authority.judge(value.reveal()), "accepted");
      const seen = proxy.requests.map(({ method, path }) => `${method} ${path}`);
      assert.deepEqual(seen, [`CONNECT ${host}`, `CONNECT ${host}`]);
    });
    await using(options("wr0ng"), async ({ tokens }) => {
      const error = await tokens.token(FOREVER).then(() => assert.fail(), (error) => error);
      assert.match(error.code, /^Proxy/);
      assert.ok(!Deno.inspect(error, { depth: 10 }).includes("wr0ng"));
    });
  },
);

undiciCase("a clock that is off is said when a token is issued all the same, once", async () => {
  const clock: Clock = {
    now: () => new Date(systemClock.now().getTime() - 3_600_000),
    monotonicMs: () => systemClock.monotonicMs(),
    sleep: systemClock.sleep,
  };
  const test = async (setting: Setting) => {
    assert.ok(await setting.tokens.token(FOREVER));
    setting.clock.advance(3_600_000);
    assert.ok(await setting.tokens.token(FOREVER));
    const [warning, ...others] = setting.warnings as { readonly msg: string }[];
    assert.equal(warning?.msg, "The clock of this machine is off.");
    assert.equal(others.length, 0);
  };
  await using(() => ({}), test, { clock });
});

undiciCase("a client secret that was replaced is read again, also within the hold", async () => {
  let kept = "wr0ng";
  const options: SettingOptions = (_authority, gate) => ({
    credential: {
      secret: new RotatingSecret(new Secret(kept), {
        read: () => Promise.resolve(new Secret(kept)),
        onChange: () => gate.secretChanged(),
        log: silentLog,
      }),
    },
  });
  await using(options, async (setting) => {
    const { authority, tokens, clock } = setting;
    await assert.rejects(tokens.token(FOREVER), { code: "OauthSecretWrong" });
    kept = authority.secret;
    assert.ok(await isIssued(setting));
    clock.advance(3_600_000);
    authority.secret = kept = "n3xt";
    assert.ok(await isIssued(setting));
    assert.equal(authority.refusedLogons, 2);

    clock.advance(3_600_000);
    authority.secret = "l4st";
    const throttled = { kind: "retryable", code: "OauthSecretWrong" };
    await assert.rejects(tokens.token(FOREVER), throttled);
    await assert.rejects(tokens.token(FOREVER), throttled);
    assert.equal(authority.refusedLogons, 3);
    kept = "l4st";
    assert.ok(await isIssued(setting), "at once, not after the pause");
  });
});

undiciCase(
  "a private key that is broken while it is replaced does not end the process",
  async () => {
    let kept = CERTIFICATE.keyPem;
    const options: SettingOptions = (_authority, gate) => ({
      credential: {
        privateKey: new RotatingSecret(new Secret(kept), {
          read: () => Promise.resolve(new Secret(kept)),
          onChange: () => gate.secretChanged(),
          log: silentLog,
        }),
        thumbprint: CERTIFICATE.sha256,
      },
    });
    await using(options, async (setting) => {
      const { authority, tokens, clock } = setting;
      authority.certificates = [CERTIFICATE.certificatePem];
      assert.ok(await isIssued(setting));
      kept = "-----BEGIN PRIVATE KEY-----";
      clock.advance(3_600_000);
      authority.fault = () => refusal(700027);
      await assert.rejects(tokens.token(FOREVER), { kind: "mailbox", code: "OauthKeyInvalid" });
      authority.fault = undefined;
      kept = CERTIFICATE.keyPem;
      assert.ok(await isIssued(setting));
    });
  },
);

undiciCase("closing ends what is under way", async () => {
  const hold = Promise.withResolvers<void>();
  await using(() => ({}), async ({ authority, tokens }) => {
    authority.fault = () => hold.promise.then(() => page(503));
    const waiting = assert.rejects(tokens.token(FOREVER), /was closed/);
    await waitUntil(() => authority.requests.length === 1);
    await tokens[Symbol.asyncDispose]();
    await waiting;
    hold.resolve();
  });
});

undiciCase("no secret, key, assertion or token is in any error or warning", async () => {
  const { keyPem, sha256: thumbprint, certificatePem } = CERTIFICATE;
  for (const credential of [undefined, { privateKey: new Secret(keyPem), thumbprint }]) {
    await using(() => credential ? { credential } : {}, async (setting) => {
      const { authority, clock, tokens, warnings } = setting;
      authority.certificates = [certificatePem];
      const { value } = await tokens.token(FOREVER);
      const shown: string[] = [];
      const repeated: AuthorityFault = ({ fields }) =>
        refusal(9999999, [...fields.values()].join(" "));
      for (const fault of [...FAULTS.map(([, fault]) => fault), repeated]) {
        authority.fault = fault;
        clock.advance(LIMITS.credentialHoldMs * 5);
        const error = await tokens.token(FOREVER).then(() => assert.fail(), (error) => error);
        shown.push(Deno.inspect(error, { depth: 20 }), JSON.stringify(error));
      }
      const sent = authority.requests.flatMap(({ fields }) => [
        fields.get("client_secret"),
        fields.get("client_assertion"),
      ]).filter((text) => text !== undefined);
      const keyLines = keyPem.split("\n").slice(1, -2);
      const text = shown.join("\n") + JSON.stringify(warnings);
      for (const secret of [value.reveal(), ...sent, ...keyLines]) {
        const start = secret.slice(0, 60);
        const at = text.indexOf(start);
        assert.ok(at < 0, `"${start}" is shown: ${text.slice(at - 200, at + 100)}`);
      }
    });
  }
});
