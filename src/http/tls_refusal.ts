import { CIPHERS } from "./client_hello.ts";
import type { Diagnosis } from "./diagnosis.ts";
import { foreignText } from "./foreign_text.ts";
import type { ServerHello } from "./server_hello.ts";

const TLS_1_2 = 0x0303;
/** Versions before TLS 1.3, as the server's hello has them. */
export const VERSIONS: ReadonlyMap<number, string> = new Map([
  [0x0300, "SSL 3.0"],
  [0x0301, "TLS 1.0"],
  [0x0302, "TLS 1.1"],
  [TLS_1_2, "TLS 1.2"],
]);
/** Groups that servers may insist on and the runtime's TLS does not have. */
const FOREIGN_CURVES: ReadonlyMap<number, string> = new Map([[0x0019, "P-521"], [0x001e, "x448"]]);
/** P-256, P-384, x25519: those that it has. */
const OUR_CURVES: ReadonlySet<number> = new Set([0x0017, 0x0018, 0x001d]);

const ENABLE = "Enable TLS 1.2 or 1.3 with ECDHE (P-256) and AES-GCM on the server";
const CLOSED: Diagnosis = {
  kind: "retryable",
  code: "TlsConnectionClosed",
  finding: "closed by the other side before the connection was established",
  hint: "Check that the server speaks TLS there and that nothing in between cuts the connection",
};
/** A server for which somebody has to be known before he signs in. */
export const CLIENT_CERTIFICATE: Diagnosis = {
  kind: "mailbox",
  code: "TlsClientCertificateRequired",
  finding: "the server demands a client certificate, and there is none to give",
  hint: "Let the server ignore client certificates for EWS (in IIS: SSL Settings)",
};

/**
 * Why a handshake ended before certificates mattered: an alert, an answer that is no TLS, or a
 * connection that was closed (`cause` absent) or reset. `hello` is what the server chose when it
 * was offered everything; absent, it was not asked or did not choose. With `hasOwnSettings` the
 * remedy may be a key `ews_ssl_…` of the config file. Undefined for other causes.
 */
export function refusalOf(
  cause: Error | undefined,
  hello: ServerHello | undefined,
  hasOwnSettings = true,
): Diagnosis | undefined {
  const text = foreignText(cause?.message ?? "");
  if (/corrupt message|InvalidContentType/.test(text)) return notSpoken(text);
  const closed = !cause || ("code" in cause && CLOSING_CODES.has(String(cause.code)));
  const alert = /fatal alert|peer is incompatible/.test(text);
  if (!closed && !alert) return undefined;
  const shown = hello && shownBy(hello, hasOwnSettings);
  if (shown) return withText(shown, text);
  return closed ? withText(CLOSED, text) : withText(alertOf(text, hasOwnSettings), text);
}

/** How systems say that the other side ended a connection. */
const CLOSING_CODES: ReadonlySet<string> = new Set(["ECONNRESET", "ECONNABORTED", "EPIPE"]);

/** Value of `ews_ssl_ciphers` with which a server of that cipher is reached; absent: none is. */
export function cipherListFor(cipher: string): string | undefined {
  return NOT_IN_OPENSSL.has(cipher) ? undefined : `${cipher}:@SECLEVEL=0`;
}

/** Ciphers so weak that Debian builds OpenSSL without them. */
const NOT_IN_OPENSSL: ReadonlySet<string> = new Set(["DES-CBC3-SHA", "RC4-SHA"]);

/** What the server's own choice shows that we do not have, or undefined. */
function shownBy(hello: ServerHello, hasOwnSettings: boolean): Diagnosis | undefined {
  const cipher = CIPHERS.get(hello.cipher);
  if (!cipher) return undefined; // it was not offered: a server that is not to be believed
  const version = VERSIONS.get(hello.version);
  const list = hasOwnSettings ? cipherListFor(cipher) : undefined;
  const orKey = list === undefined ? "" : `, or set \`ews_ssl_ciphers\` to "${list}"`;
  const refused = (code: string, finding: string): Diagnosis => ({
    kind: "mailbox",
    code,
    finding: `the server refuses the TLS handshake: ${finding}`,
    hint: ENABLE + orKey,
  });
  if (version && hello.version < TLS_1_2) {
    return refused("TlsVersionRefused", `the newest it speaks is ${version}, with ${cipher}`);
  }
  if (!/^ECDHE-.*(GCM|CHACHA20)/.test(cipher)) {
    return refused("TlsHandshakeRefused", `of all ciphers it agrees to ${cipher} at best`);
  }
  if (hello.curve !== undefined && !OUR_CURVES.has(hello.curve)) {
    const curve = FOREIGN_CURVES.get(hello.curve) ?? "unknown";
    return refused("TlsHandshakeRefused", `its key exchange is by the curve ${curve} only`);
  }
  return hello.asksForCertificate ? CLIENT_CERTIFICATE : undefined;
}

function alertOf(text: string, hasOwnSettings: boolean): Diagnosis {
  if (/CertificateRequired|BadCertificate|CertificateUnknown|UnknownCA|NoCertificate/.test(text)) {
    return CLIENT_CERTIFICATE;
  }
  const orKey = hasOwnSettings ? ", or set `ews_ssl_ciphers` to what it has" : "";
  if (/UnrecognisedName/.test(text)) {
    return {
      kind: "mailbox",
      code: "TlsNameUnknown",
      finding: "the server has no site of that name",
      hint: "Address the server by a name that it serves",
    };
  }
  const version = /ProtocolVersion|ServerDoesNotSupportTls/.test(text);
  return {
    kind: "mailbox",
    code: version ? "TlsVersionRefused" : "TlsHandshakeRefused",
    finding: version
      ? "the server speaks no current version of TLS"
      : "the server refuses the TLS handshake",
    hint: ENABLE + orKey,
  };
}

/** What answers is no TLS; `text` are the words of whoever found out. */
export function notSpoken(text: string): Diagnosis {
  return {
    kind: "mailbox",
    code: "TlsNotSpoken",
    finding: `the server does not speak TLS there (${text})`,
    hint: "Check the port, and whether the endpoint should begin with http:// instead",
  };
}

function withText(diagnosis: Diagnosis, text: string): Diagnosis {
  return text === "" ? diagnosis : { ...diagnosis, finding: `${diagnosis.finding} (${text})` };
}
