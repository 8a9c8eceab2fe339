import assert from "node:assert/strict";
import type { HttpResponse } from "../http/transport.ts";
import { redirectOf } from "./redirect.ts";

const FROM = new URL("https://mail.corp.example/EWS/Exchange.asmx");

function redirected(status: number, location?: string, from = FROM) {
  const response: HttpResponse = {
    status,
    headers: new Map(location === undefined ? [] : [["location", location]]),
    body: ReadableStream.from([]),
  };
  return redirectOf(response, from);
}

function refusal(location: string | undefined, from = FROM, status = 302) {
  const redirect = redirected(status, location, from);
  assert.ok(redirect && "refused" in redirect, `refuses to go to ${location}`);
  return redirect.refused;
}

Deno.test("within one https origin a redirect is followed, for good if it says so", () => {
  for (const status of [301, 302, 307, 308]) {
    const redirect = redirected(status, "/ews/exchange.asmx?x=1#y");
    assert.ok(redirect && "target" in redirect);
    assert.equal(redirect.target.href, "https://mail.corp.example/ews/exchange.asmx?x=1");
    assert.equal(redirect.permanent, status === 301 || status === 308);
  }
  const whole = redirected(307, "https://u:p@MAIL.corp.example:443/other");
  assert.ok(whole && "target" in whole);
  assert.equal(whole.target.href, "https://mail.corp.example/other");
  assert.equal(redirected(200, "/x"), undefined);
  assert.equal(redirected(404, "/x"), undefined);
});

Deno.test("to another host, port or scheme, or without an address, no redirect is followed", () => {
  const elsewhere = [
    "https://other.example/EWS/Exchange.asmx",
    "//other.example/EWS/Exchange.asmx",
    "https://mail.corp.example:8443/EWS/Exchange.asmx",
    "https://mail.corp.example.evil.example/EWS/Exchange.asmx",
    "http://mail.corp.example/EWS/Exchange.asmx",
    "javascript:alert(1)",
    "http://[",
    "",
    undefined,
  ];
  for (const location of elsewhere) {
    const error = refusal(location);
    assert.deepEqual([error.kind, error.code], ["mailbox", "HttpRedirect"]);
    assert.ok(error.hint);
  }
  // A GET of something else, a choice, an unchanged page: none of them is the same request.
  for (const status of [300, 303, 304, 305]) {
    assert.equal(refusal("/EWS/other.asmx", FROM, status).code, "HttpRedirect");
  }
  const plain = new URL("http://127.0.0.1/EWS/Exchange.asmx");
  assert.equal(refusal("/ews/", plain).code, "HttpRedirect");
});

Deno.test("a redirect that is not followed says where it leads and what to do, without its query", () => {
  const other = refusal("https://other.example/EWS/Exchange.asmx?token=secret");
  assert.match(other.message, /"https:\/\/other\.example\/EWS\/Exchange\.asmx"/);
  assert.match(other.hint ?? "", /ews_endpoint .* if that host may have the credentials/);
  assert.match(refusal("http://mail.corp.example/").hint ?? "", /leads out of https/);
  const plain = new URL("http://mail.corp.example/EWS/Exchange.asmx");
  const upwards = refusal("https://mail.corp.example/EWS/Exchange.asmx", plain);
  assert.match(
    upwards.hint ?? "",
    /^Set ews_endpoint to "https:\/\/mail\.corp\.example\/EWS\/[^"]+"$/,
  );
  assert.doesNotMatch(`${other.message} ${other.hint}`, /secret/);
  const noisy = refusal(`https://user:pass@other.example/a b\n${"c".repeat(999)}`).message;
  assert.doesNotMatch(noisy, /pass|\n/);
  assert.ok(noisy.length < 300);
});

Deno.test("a sign-in page says that something before Exchange wants people to sign in", () => {
  const pages = [
    "https://login.microsoftonline.com/common/oauth2/authorize?client_id=x",
    "/owa/auth/logon.aspx?replaceCurrent=1",
    "https://adfs.corp.example/adfs/ls/?wa=wsignin1.0",
    "https://idp.corp.example/sso?SAMLRequest=x",
    "https://idp.corp.example/sso?response_type=code",
    "https://mail.corp.example/my.policy",
    "/CookieAuth.dll?GetLogon",
  ];
  for (const location of pages) {
    const error = refusal(location);
    assert.deepEqual([error.kind, error.code], ["mailbox", "HttpSignInPage"], location);
    assert.match(error.hint ?? "", /pre-authentication/);
  }
});

Deno.test("Exchange's own error page passes, wherever it lies; one that only names it does not", () => {
  for (const page of ["/ews/genericerrorpage.htm?aspxerrorpath=/EWS", "/owa/auth/errorFE.aspx"]) {
    const error = refusal(page);
    assert.deepEqual([error.kind, error.code], ["retryable", "HttpErrorPage"]);
  }
  const named = refusal("https://other.example/?from=/ews/genericerrorpage.htm");
  assert.equal(named.code, "HttpRedirect");
});
