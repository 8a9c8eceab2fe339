import assert from "node:assert/strict";
import {
  type AuthorityAnswer,
  skewOf,
  type TokenFailure,
  tokenFailureOf,
  type TokenRequestContext,
} from "./token_errors.ts";
import { OAUTH_REFUSALS } from "./token_refusals.ts";

const NOW = new Date("2026-11-26T12:00:00Z");
const CONTEXT: TokenRequestContext = {
  address: "login.example:443",
  clientId: "app",
  credential: "secret",
  now: NOW,
  secrets: ["p4ssw0rd"],
};

function answerOf(body: unknown, parts: Partial<AuthorityAnswer> = {}): AuthorityAnswer {
  return { status: 400, headers: new Map([["date", NOW.toUTCString()]]), ...parts, body };
}

function aadsts(number: number, error = "invalid_client"): AuthorityAnswer {
  return answerOf({
    error,
    error_description: `AADSTS${number}: Something. p4ssw0rd\r\nTrace ID: x`,
    error_codes: [number],
    trace_id: "11111111-2222-3333-4444-555555555555",
    correlation_id: "66666666-7777-8888-9999-000000000000",
  });
}

function refusalOf(answer: AuthorityAnswer, context = CONTEXT) {
  const failure = tokenFailureOf(answer, context);
  assert.ok("refusal" in failure, "it is refused");
  return failure.refusal;
}

function errorOf(answer: AuthorityAnswer) {
  const failure: TokenFailure = tokenFailureOf(answer, CONTEXT);
  assert.ok("error" in failure, "it can pass");
  return failure.error;
}

/** What administrators meet: Microsoft's number, our code, and what the remedy names. */
const MET: readonly (readonly [number, string, RegExp])[] = [
  [7000215, "OauthSecretWrong", /auth_oauth_client_secret/],
  [7000222, "OauthSecretExpired", /Certificates & secrets/],
  [700016, "OauthAppUnknown", /auth_oauth_client_id/],
  [7000112, "OauthAppDisabled", /Enterprise applications/],
  [90002, "OauthTenantUnknown", /auth_oauth_authority/],
  [900023, "OauthTenantUnknown", /auth_oauth_authority/],
  [65001, "OauthConsentMissing", /full_access_as_app/],
  [500011, "OauthResourceUnknown", /auth_oauth_scope/],
  [70011, "OauthScopeInvalid", /\/\.default/],
  [1002012, "OauthScopeInvalid", /\/\.default/],
  [700027, "OauthCertificateUnknown", /auth_oauth_client_credential_thumbprint/],
  [7000214, "OauthCertificateRevoked", /new certificate/],
  [7000216, "OauthCredentialKindRefused", /certificate instead of a secret/],
  [53003, "OauthConditionalAccess", /Conditional Access/],
  [50034, "OauthAccountUnknown", /auth_oauth_client_id/],
  [501051, "OauthRoleMissing", /Assignment required/],
];

for (const [number, code, remedy] of MET) {
  Deno.test(`AADSTS${number} is ${code}, with the remedy and the ids for support`, () => {
    const refusal = refusalOf(aadsts(number));
    assert.equal(refusal.code, code);
    assert.match(refusal.hint, remedy);
    assert.match(refusal.message, new RegExp(`\\(AADSTS${number}, correlation id 6.*trace id 1`));
    assert.doesNotMatch(refusal.message, /p4ssw0rd/);
    assert.ok(OAUTH_REFUSALS.has(code));
  });
}

Deno.test("the number is found in the text alone, too", () => {
  const answer = answerOf({
    error: "invalid_client",
    error_description: "AADSTS7000222: Expired.",
  });
  assert.equal(refusalOf(answer).code, "OauthSecretExpired");
});

Deno.test("a refusal without a number is told by its OAuth error, as AD FS gives it", () => {
  const refused = refusalOf(
    answerOf({ error: "invalid_client", error_description: "MSIS9622: no" }),
  );
  assert.equal(refused.code, "OauthClientRefused");
  assert.match(refused.message, /invalid_client: MSIS9622: no/);
  assert.equal(refusalOf(answerOf({ error: "invalid_scope" })).code, "OauthScopeInvalid");
  assert.equal(refusalOf(answerOf({ error: "invalid_resource" })).code, "OauthResourceUnknown");
});

Deno.test("what is hostile in an answer becomes one printable line without the secret", () => {
  const error_description = `bad p4ssw0rd \x1b[31m\u202e${"x".repeat(10_000)}\nsecond line`;
  const { message } = refusalOf(
    answerOf({ error: "in\nvalid", error_description, trace_id: "\n" }),
  );
  assert.match(message, /^[\x20-\x7e]+$/);
  assert.match(message, /bad \[secret\]/);
  assert.doesNotMatch(message, /p4ssw0rd|second line/);
  assert.ok(message.length < 600);
});

Deno.test("a token in an answer is nobody's to read, whosever it is", () => {
  const error_description = "not good: eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJ4In0.c2lnbmF0dXJl, sorry";
  const { message } = refusalOf(answerOf({ error: "invalid_client", error_description }));
  assert.match(message, /not good: \[token\], sorry/);
});

Deno.test("overload and outage can pass, with the delay the authority names", () => {
  const headers = new Map([["retry-after", "17"]]);
  const busy = errorOf(answerOf(undefined, { status: 429, headers }));
  assert.deepEqual([busy.kind, busy.code, busy.retryAfterMs], [
    "retryable",
    "AuthorityBusy",
    17_000,
  ]);
  const date = new Map([["retry-after", new Date(NOW.getTime() + 60_000).toUTCString()]]);
  const outage = errorOf(answerOf(undefined, { status: 503, headers: date }));
  assert.deepEqual([outage.code, outage.retryAfterMs], ["AuthorityUnavailable", 60_000]);
  for (const answer of [aadsts(90033, "temporarily_unavailable"), aadsts(90006), aadsts(50196)]) {
    assert.equal(errorOf(answer).kind, "retryable");
  }
  assert.equal(
    errorOf(answerOf({ error: "temporarily_unavailable" })).code,
    "AuthorityUnavailable",
  );
});

Deno.test("a page in place of an answer is no refusal of the credentials", () => {
  for (const status of [302, 403, 404]) {
    const error = errorOf(answerOf(undefined, { status }));
    assert.deepEqual([error.kind, error.code], ["retryable", "AuthorityAnswerInvalid"]);
    assert.match(error.message, new RegExp(`HTTP ${status}`));
  }
});

Deno.test("an assertion outside its time names the clock, with both times if they differ", () => {
  const certificate = { ...CONTEXT, credential: "certificate" } as const;
  const same = refusalOf(aadsts(700024), certificate);
  assert.equal(same.code, "OauthClockWrong");
  const headers = new Map([["date", "Thu, 26 Nov 2026 11:40:00 GMT"]]);
  for (const number of [700024, 700027]) {
    const off = refusalOf({ ...aadsts(number), headers }, certificate);
    assert.equal(off.code, "OauthClockWrong");
    assert.match(off.message, /2026-11-26T12:00:00\.000Z.*2026-11-26T11:40:00\.000Z/);
  }
});

Deno.test("with a secret a clock that is off is mentioned and not blamed", () => {
  const headers = new Map([["date", "Thu, 26 Nov 2026 13:00:00 GMT"]]);
  const refused = refusalOf({ ...aadsts(7000215), headers });
  assert.equal(refused.code, "OauthSecretWrong");
  assert.match(refused.message, /; the clock here says 2026-11-26T12:00:00\.000Z/);
});

Deno.test("five minutes are no skew, and neither is a time that is not told", () => {
  for (
    const [date, isSkew] of [
      ["Thu, 26 Nov 2026 12:05:00 GMT", false],
      ["Thu, 26 Nov 2026 12:05:01 GMT", true],
      ["Thu, 26 Nov 2026 11:54:59 GMT", true],
      ["yesterday", false],
    ] as const
  ) {
    assert.equal(skewOf({ headers: new Map([["date", date]]) }, CONTEXT) !== undefined, isSkew);
  }
  assert.equal(skewOf({ headers: new Map() }, CONTEXT), undefined);
});
