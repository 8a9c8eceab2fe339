import { CIPHERS } from "./client_hello.ts";
import type { Diagnosis } from "./diagnosis.ts";
import { foreignText } from "./foreign_text.ts";
import type { OpensslFailure } from "./openssl/openssl_failure.ts";
import type { ServerHello } from "./server_hello.ts";
import { cipherListFor, CLIENT_CERTIFICATE, notSpoken, VERSIONS } from "./tls_refusal.ts";

const LEVELS = 'with ":@SECLEVEL=0" at its end it also takes TLS 1.0 and 1.1 and weak keys';

/**
 * Why OpenSSL and a server agreed on nothing, in OpenSSL's own words. `hello` is what the server
 * chose when it was offered everything; absent, it was not asked or did not choose.
 */
export function opensslRefusalOf(
  { message }: OpensslFailure,
  hello: ServerHello | undefined,
): Diagnosis {
  const words = foreignText(message);
  if (!hello && /wrong version number|packet length too long/.test(words)) return notSpoken(words);
  const asked = hello?.asksForCertificate && /alert handshake failure/.test(words);
  if (asked || /alert (?:certificate|bad certificate|no certificate|unknown ca)/.test(words)) {
    return { ...CLIENT_CERTIFICATE, finding: `${CLIENT_CERTIFICATE.finding} (${words})` };
  }
  const isVersion = /protocol version|unsupported protocol|no protocols available/.test(words);
  return {
    kind: "mailbox",
    code: isVersion ? "TlsVersionRefused" : "TlsHandshakeRefused",
    finding: `TLS fails with the list in \`ews_ssl_ciphers\`: ${words}${choiceOf(hello)}`,
    hint: remedyOf(hello),
  };
}

function choiceOf(hello: ServerHello | undefined): string {
  const cipher = hello && CIPHERS.get(hello.cipher);
  const version = hello && VERSIONS.get(hello.version);
  if (!cipher || !version) return "";
  return `; offered everything, the server chooses ${cipher} and ${version}`;
}

function remedyOf(hello: ServerHello | undefined): string {
  const cipher = hello && CIPHERS.get(hello.cipher);
  const list = cipher && cipherListFor(cipher);
  return list
    ? `Set \`ews_ssl_ciphers\` to "${list}"`
    : `Set \`ews_ssl_ciphers\` to what the server has; ${LEVELS}`;
}
