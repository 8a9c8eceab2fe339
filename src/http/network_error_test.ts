import assert from "node:assert/strict";
import { connectErrorOf, connectTimeoutOf, exchangeErrorOf } from "./network_error.ts";

const ORIGIN = new URL("https://mail.example.com/");
const LEG = { url: ORIGIN };

function systemError(code: string): Error {
  return Object.assign(new Error(`connect ${code}`), { code });
}

Deno.test("system errors become codes of ours, all retryable, with host and port", () => {
  const expected = {
    ECONNREFUSED: "ConnectionRefused",
    ENOTFOUND: "HostNotFound",
    EAI_AGAIN: "HostNotFound",
    EHOSTUNREACH: "HostUnreachable",
    ECONNRESET: "ConnectionReset",
    ETIMEDOUT: "Timeout",
    EMFILE: "TooManyOpenFiles",
    EWHATEVER: "ConnectionFailed",
  };
  for (const [code, ours] of Object.entries(expected)) {
    const error = connectErrorOf(LEG, systemError(code));
    assert.deepEqual([error.code, error.kind], [ours, "retryable"]);
    assert.ok(error.message.startsWith('Cannot connect to "mail.example.com:443": '));
    assert.ok(error.hint && !error.hint.endsWith("."));
  }
});

Deno.test("of several addresses that were tried, the first failure is told", () => {
  const both = new AggregateError([systemError("ECONNREFUSED"), systemError("ENETUNREACH")]);
  assert.equal(connectErrorOf(LEG, both).code, "ConnectionRefused");
});

Deno.test("TLS failures are recognised by the words of the runtime, and suspend", () => {
  const expected = {
    "invalid peer certificate: UnknownIssuer": "TlsUntrusted",
    "invalid peer certificate: Other(OtherError(CaUsedAsEndEntity))": "TlsCertificateOfAuthority",
    'invalid peer certificate: certificate not valid for name "a"; certificate is only valid for DnsName("b")':
      "TlsHostnameMismatch",
    "invalid peer certificate: Expired": "TlsExpired",
    "invalid peer certificate: certificate not valid yet: verification time 1": "TlsNotYetValid",
    "invalid peer certificate: BadSignature": "TlsCertificateInvalid",
    "received fatal alert: ProtocolVersion": "TlsVersionRefused",
    "received fatal alert: HandshakeFailure": "TlsHandshakeRefused",
    "received fatal alert: CertificateRequired": "TlsClientCertificateRequired",
    "peer is incompatible: NoCipherSuitesInCommon": "TlsHandshakeRefused",
    "received corrupt message of type InvalidContentType": "TlsNotSpoken",
  };
  for (const [text, code] of Object.entries(expected)) {
    const error = connectErrorOf(LEG, new Error(text));
    assert.deepEqual([error.code, error.kind], [code, "mailbox"]);
    assert.ok(error.message.includes(text) && error.hint);
  }
});

Deno.test("a name that happens to read like another failure does not change the finding", () => {
  const text = 'invalid peer certificate: certificate not valid for name "a"; ' +
    'certificate is only valid for DnsName("expired.example")';
  assert.equal(connectErrorOf(LEG, new Error(text)).code, "TlsHostnameMismatch");
});

Deno.test("text of a peer is bounded and cannot forge a line", () => {
  const text = `invalid peer certificate: \n2024 INFO all well\u2028${"x".repeat(10_000)}`;
  const { message } = connectErrorOf(LEG, new Error(text));
  assert.ok(message.length < 400);
  assert.match(message, /^[\x20-\x7e]*$/);
});

Deno.test("what undici fails with is told apart by phase", () => {
  const undiciError = (code: string) => Object.assign(new Error("other side closed"), { code });
  const codeOf = (phase: "head" | "body", code: string) =>
    exchangeErrorOf(ORIGIN, phase, undiciError(code)).code;
  assert.equal(codeOf("head", "UND_ERR_HEADERS_TIMEOUT"), "Timeout");
  assert.equal(codeOf("body", "UND_ERR_BODY_TIMEOUT"), "Timeout");
  assert.equal(codeOf("head", "UND_ERR_SOCKET"), "ConnectionClosed");
  assert.equal(codeOf("body", "UND_ERR_SOCKET"), "ResponseCutShort");
  assert.equal(codeOf("head", "ECONNRESET"), "ConnectionReset");
  assert.equal(codeOf("body", "ECONNRESET"), "ResponseCutShort");
  assert.equal(codeOf("head", "UND_ERR_HEADERS_OVERFLOW"), "HttpMalformed");
});

Deno.test("a deadline is told in seconds", () => {
  const error = connectTimeoutOf({ url: new URL("http://mail.example.com:8080/") }, 30_000);
  assert.equal(
    error.message,
    'Cannot connect to "mail.example.com:8080": not established within 30 s',
  );
});
