import assert from "node:assert/strict";
import type { HttpResponse } from "../http/transport.ts";
import { errorOfStatus, isServerBusy, isSoapStatus } from "./http_status.ts";

const NOW = new Date("2026-01-01T00:00:00Z");

function response(status: number, headers: Readonly<Record<string, string>> = {}): HttpResponse {
  return { status, headers: new Map(Object.entries(headers)), body: ReadableStream.from([]) };
}

Deno.test("SOAP comes with 200 and 500, an HTML page is none", () => {
  assert.ok(isSoapStatus(response(200)));
  assert.ok(isSoapStatus(response(500, { "content-type": "text/xml; charset=utf-8" })));
  assert.ok(!isSoapStatus(response(500, { "content-type": "Text/HTML" })));
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

Deno.test("statuses that can pass are retryable, all others concern the mailbox", () => {
  for (const status of [200, 408, 409, 429, 500, 502, 503, 504]) {
    assert.equal(errorOfStatus(response(status), NOW).kind, "retryable", String(status));
  }
  for (const status of [400, 401, 403, 404, 405, 413, 440, 456, 457]) {
    assert.equal(errorOfStatus(response(status), NOW).kind, "mailbox", String(status));
  }
});

Deno.test("a redirect to the error page passes, any other is not followed and shows no query", () => {
  const to = (location: string) => errorOfStatus(response(302, { location }), NOW);
  assert.equal(to("/ews/genericerrorpage.htm?aspxerrorpath=/EWS").kind, "retryable");
  const error = to("https://login.example.com/adfs\n?token=secret");
  assert.equal(error.kind, "mailbox");
  assert.match(error.message, /"https:\/\/login\.example\.com\/adfs\?"/);
  assert.doesNotMatch(error.message, /secret|\n/);
});

Deno.test("the front end's own code is said if it is harmless", () => {
  const of = (code: string) =>
    errorOfStatus(response(500, { "x-caserrorcode": code }), NOW).message;
  assert.match(of("MailboxGuidWithDomainNotFound"), /\(MailboxGuidWithDomainNotFound\)/);
  assert.doesNotMatch(of("a b\n"), /a b/);
});
