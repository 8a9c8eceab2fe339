/** A server that is restricted to one way of speaking TLS (`facts`: what old servers insist on). */
export interface OpensslVariant {
  readonly name: string;
  /** Options of `openssl s_server`. */
  readonly flags: readonly string[];
  /** A list with which it is reached. */
  readonly suits: string;
  /** A list with which it is not, and OpenSSL's words about it. */
  readonly fails: string;
  readonly words: RegExp;
  /** What is agreed on. */
  readonly agreement: RegExp;
  /** Whether the runtime's own TLS reaches it. */
  readonly isModern: boolean;
}

const REFUSED = /:SSL routines::sslv3 alert handshake failure/;
const OTHER = "ECDHE-ECDSA-AES256-SHA";

function tls12(cipher: string, isModern: boolean, ...flags: readonly string[]): OpensslVariant {
  return {
    name: [`TLS 1.2, ${cipher}`, ...flags].join(" "),
    flags: ["-tls1_2", "-cipher", cipher, ...flags],
    suits: cipher,
    fails: OTHER,
    words: REFUSED,
    agreement: new RegExp(`^TLSv1.2 with ${cipher} by OpenSSL 3`),
    isModern,
  };
}

function legacy(version: "1.0" | "1.1", flag: string): OpensslVariant {
  return {
    name: `TLS ${version}`,
    flags: [flag, "-cipher", "ALL:@SECLEVEL=0"],
    suits: "AES128-SHA:@SECLEVEL=0",
    fails: "AES128-SHA",
    words: /:SSL routines::tlsv1 alert protocol version/,
    agreement: new RegExp(`^TLSv${version === "1.0" ? "1" : "1\\.1"} with AES128-SHA by`),
    isModern: false,
  };
}

/** Every variant that was tried when it was decided to embed OpenSSL. */
export const OPENSSL_VARIANTS: readonly OpensslVariant[] = [
  tls12("ECDHE-RSA-AES256-GCM-SHA384", true),
  tls12("ECDHE-RSA-AES128-GCM-SHA256", true),
  tls12("ECDHE-RSA-CHACHA20-POLY1305", true),
  tls12("ECDHE-RSA-AES256-GCM-SHA384", true, "-curves", "P-384"),
  tls12("ECDHE-RSA-AES256-GCM-SHA384", false, "-curves", "P-521"),
  tls12("DHE-RSA-AES256-GCM-SHA384", false),
  tls12("ECDHE-RSA-AES256-SHA384", false),
  tls12("ECDHE-RSA-AES256-SHA", false),
  tls12("AES256-GCM-SHA384", false),
  tls12("AES256-SHA", false),
  tls12("AES256-SHA256", false),
  legacy("1.1", "-tls1_1"),
  legacy("1.0", "-tls1"),
];
