import assert from "node:assert/strict";
import type { HttpResponse } from "../http/transport.ts";
import { errorOfStatus, isServerBusy, isSoapStatus } from "./http_status.ts";

const NOW = new Date("2026-01-01T00:00:00Z");

function response(status: number, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return { status, headers: new Map(Object.entries(headers)), body: ReadableStream.from([]) };
}

Deno.test("SOAP comes with 200 and as XML with 500; a page, or nothing, is none", () => {
  assert.ok(isSoapStatus(response(200)));
  assert.ok(isSoapStatus(response(200, { "content-type": "text/xml" })));
  for (
    const type of ["text/html", "application/xhtml+xml", "application/json", "text/plain; x=y"]
  ) {
    assert.ok(!isSoapStatus(response(200, { "content-type": type })), type);
  }
  assert.ok(isSoapStatus(response(500, { "content-type": "text/xml; charset=utf-8" })));
  assert.ok(!isSoapStatus(response(500, { "content-type": "Text/HTML" })));
  assert.ok(!isSoapStatus(response(500, { "content-type": "text/plain" })));
  assert.ok(!isSoapStatus(response(500)));
  assert.ok(!isSoapStatus(response(503, { "content-type": "text/xml" })));
});

Deno.test("Retry-After is understood as seconds and as a date, anything else is no delay", () => {
  const delayOf = (value: string) => errorOfStatus(response(503, { "retry-after": value }), NOW);
  assert.equal(delayOf("17").retryAfterMs, 17_000);
  assert.equal(delayOf("Thu, 01 Jan 2026 00:00:30 GMT").retryAfterMs, 30_000);
  assert.equal(delayOf("Wed, 31 Dec 2025 00:00:00 GMT").retryAfterMs, 0);
  assert.equal(delayOf("soon").retryAfterMs, undefined);
  assert.ok(isServerBusy(response(429)) && !isServerBusy(response(500)));
});

Deno.test("statuses that can pass are retryable, all others concern the mailbox; each has a remedy", () => {
  for (const status of [200, 408, 409, 429, 500, 502, 503, 504, 507]) {
    const error = errorOfStatus(response(status), NOW);
    assert.equal(error.kind, "retryable", String(status));
    assert.ok(error.hint, String(status));
  }
  for (const status of [204, 400, 401, 403, 404, 405, 407, 413, 418, 440, 456, 457, 501]) {
    const error = errorOfStatus(response(status), NOW);
    assert.deepEqual([error.kind, error.code], ["mailbox", `Http${status}`]);
    assert.ok(error.hint, String(status));
  }
});

Deno.test("the remedy is the one for the status", () => {
  const remedies: readonly (readonly [readonly number[], RegExp])[] = [
    [[401, 440, 456], /auth_user and auth_password, or those of auth_oauth_client_id/],
    [[457], /Set a new password/],
    [[403], /-EwsEnabled \$true.*EwsApplicationAccessPolicy.*-EwsAllowedAppIDs/],
    [[200, 404, 405, 501], /ews_endpoint/],
    [[407], /HTTPS_PROXY/],
    [[429], /throttling policy/],
    [[408, 502, 504], /before Exchange/],
    [[500, 503], /Get-ServerHealth/],
  ];
  for (const [statuses, remedy] of remedies) {
    for (const status of statuses) {
      assert.match(errorOfStatus(response(status), NOW).hint ?? "", remedy, String(status));
    }
  }
});

Deno.test("a failure the front end has a code for is one of the mailbox, and says it if it is harmless", () => {
  const of = (code: string, status = 500) =>
    errorOfStatus(response(status, { "x-caserrorcode": code }), NOW);
  assert.equal(of("MailboxGuidWithDomainNotFound").code, "CasError");
  assert.match(of("MailboxGuidWithDomainNotFound").message, /, MailboxGuidWithDomainNotFound\)/);
  assert.equal(of("a b\n").code, "CasError");
  assert.doesNotMatch(of("a b\n").message, /a b/);
  // That the server as a whole is busy, or refuses us, comes before that.
  assert.equal(of("ServerNotFound", 503).code, "Http503");
  assert.equal(of("UnauthenticatedRequest", 401).code, "Http401");
});

Deno.test("a policy that keeps EWS closed is told apart from wrong credentials, with its commands", () => {
  const of = (reason: string) =>
    errorOfStatus(response(403, { "x-ews-policy-reason": reason }), NOW);
  const disabled = of("EWS is disabled for this user or tenant");
  assert.deepEqual([disabled.kind, disabled.code], ["mailbox", "EwsDisabled"]);
  assert.match(disabled.hint ?? "", /Set-OrganizationConfig -EwsEnabled \$true/);
  assert.match(disabled.hint ?? "", /Set-CASMailbox MAILBOX -EwsEnabled \$true/);
  const blocked = of("EWS is blocked by policy for this user or tenant");
  assert.deepEqual([blocked.kind, blocked.code], ["mailbox", "EwsBlockedByPolicy"]);
  assert.match(blocked.hint ?? "", /-EwsAllowedAppIDs/);
  assert.match(blocked.hint ?? "", /-EwsAllowList @\{Add="reinfer-ews\*"\}/);
  // Other reasons for a 403 are not mistaken for one of these.
  assert.equal(of("something else").code, "Http403");
  assert.match(of("something else").hint ?? "", /Set-CASMailbox/);
});
