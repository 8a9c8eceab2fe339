import assert from "node:assert/strict";
import type { HttpResponse } from "../http/transport.ts";
import { errorOfStatus } from "./http_status.ts";

const NOW = new Date("2026-01-01T00:00:00Z");

function refused(headers: Readonly<Record<string, string>>, status = 401) {
  const response: HttpResponse = {
    status,
    headers: new Map(Object.entries(headers)),
    body: ReadableStream.from([]),
  };
  return errorOfStatus(response, NOW);
}

const diagnosed = (id: number, reason: string, category: string) =>
  refused({ "x-ms-diagnostics": `${id};reason="${reason}";error_category="${category}"` });

const challenged = (parameters: string) =>
  refused({
    "www-authenticate":
      `Bearer client_id="00000002-0000-0ff1-ce00-000000000000", trusted_issuers="a@*", ` +
      `token_types="app_asserted_user_v1", ${parameters}, Basic realm="mail.corp.example"`,
  });

Deno.test("each reason for which Exchange refuses a token has a code and a remedy of its own", () => {
  const cases: readonly (readonly [number, string, string, string, RegExp])[] = [
    [2000002, "The token has expired.", "token_expired", "TokenExpired", /clocks/],
    [2000001, "The token is not yet valid.", "invalid_token", "TokenNotYetValid", /clocks/],
    [
      2000003,
      "The audience claim value is invalid 'https://graph.example'.",
      "invalid_resource",
      "TokenAudienceWrong",
      /auth_oauth_scope/,
    ],
    [
      2000001,
      "The issuer of the token is unknown. Issuer was 'x'.",
      "invalid_token",
      "TokenIssuerUnknown",
      /auth_oauth_authority/,
    ],
    [
      2000004,
      "The tenant for tenant guid 'x' does not exist.",
      "invalid_tenant",
      "TokenTenantUnknown",
      /auth_oauth_authority/,
    ],
    [
      2000008,
      "The token should have valid permissions or linked account.",
      "invalid_grant",
      "TokenLacksPermission",
      /full_access_as_app/,
    ],
    [
      2000006,
      "The application does not have access to this.",
      "invalid_client",
      "TokenLacksPermission",
      /EWS\.AccessAsApp/,
    ],
    [2000005, "The user is ambiguous.", "invalid_user", "TokenUserUnknown", /Get-Mailbox/],
    [2000000, "It is invalid.", "invalid_signature", "TokenSignatureInvalid", /Set-AuthServer/],
    [2000020, "A claim was missing.", "insufficiant_claims", "TokenClaimsMissing", /conditional/],
    [4000000, "Not for this domain.", "oauth_not_available", "TokenNotTaken", /auth_type/],
    [2000001, "It cannot be parsed.", "invalid_token", "TokenRefused", /auth_oauth_client_id/],
  ];
  for (const [id, reason, category, code, remedy] of cases) {
    const error = diagnosed(id, reason, category);
    assert.deepEqual([error.kind, error.code], ["mailbox", code], reason);
    assert.match(error.hint ?? "", remedy);
    assert.ok(error.message.includes(reason), error.message);
  }
});

Deno.test("a failure of the server's own check of a token passes", () => {
  const error = diagnosed(2000007, "It failed.", "internal_error");
  assert.deepEqual([error.kind, error.code], ["retryable", "TokenNotChecked"]);
});

Deno.test("the challenge says why, too, where nothing else does", () => {
  const expired = challenged('error="invalid_token", error_description="The token expired at 1"');
  assert.equal(expired.code, "TokenExpired");
  assert.equal(challenged('error="invalid_token"').code, "TokenRefused");
  const both = refused({
    "x-ms-diagnostics": '1;reason="No.";error_category="invalid_token"',
    "www-authenticate": 'Bearer error="insufficient_scope"',
  }, 403);
  assert.equal(both.code, "TokenLacksPermission");
});

Deno.test("a challenge without an error says nothing about a token", () => {
  assert.equal(challenged('authorization_uri="https://login.example/"').code, "Http401");
  assert.equal(refused({ "www-authenticate": 'Basic realm="error"' }).code, "Http401");
  assert.equal(refused({}).code, "Http401");
});

Deno.test("a token that the server repeats, and line ends, do not reach the message", () => {
  const token = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl";
  const { message } = diagnosed(2000001, `Bad token\r\n ${token}, or Bearer ${token}`, "x");
  assert.doesNotMatch(message, /eyJ|c2lnbmF0dXJl|\n/);
  assert.match(message, /Bad token \(secret\), or \(secret\)/);
});
