import { SyncError } from "../../core/errors.ts";
import { cString } from "./c_library.ts";
import type { Openssl } from "./openssl.ts";

/** What all connections to one server have in common. */
export interface OpensslContextOptions {
  /** In OpenSSL's cipher list format (openssl-ciphers(1)), `@SECLEVEL` included. */
  readonly ciphers: string;
  /** False: any certificate will do, whatever its issuer, name and dates. */
  readonly verify: boolean;
  /** PEM texts of any number of certificates. */
  readonly roots: readonly string[];
}

/** Of <openssl/ssl.h>, <openssl/tls1.h> and <openssl/x509_vfy.h>. */
const SSL_CTRL_MODE = 33;
const SSL_CTRL_SET_MIN_PROTO_VERSION = 123;
const SSL_MODE_RELEASE_BUFFERS = 0x10n;
const SSL_OP_NO_RENEGOTIATION = 1n << 30n;
const SSL_VERIFY_NONE = 0;
const SSL_VERIFY_PEER = 1;
const TLS1_VERSION = 0x0301n;
const TLS1_2_VERSION = 0x0303n;
const X509_V_FLAG_PARTIAL_CHAIN = 0x80000n;
const X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS = 0x4;
const X509_CHECK_FLAG_NEVER_CHECK_SUBJECT = 0x20;
/** RFC 7301: each name behind its length. */
const ALPN_HTTP_1_1 = new TextEncoder().encode("\x08http/1.1");

/**
 * How OpenSSL connects to a server (an `SSL_CTX`): which ciphers, from which version on, trusting
 * whom. A security level of 0 allows TLS 1.0 and 1.1; every other begins with TLS 1.2. As with the
 * runtime's TLS, any root that is given ends a chain, and names stand in the alternative names only.
 */
export class OpensslContext {
  readonly pointer: Deno.PointerValue;
  readonly verifies: boolean;

  /** @throws SyncError of kind `fatal`, code `CipherListInvalid`, with OpenSSL's words. */
  constructor(readonly openssl: Openssl, { ciphers, verify, roots }: OpensslContextOptions) {
    const { ssl } = openssl;
    this.verifies = verify;
    this.pointer = ssl.SSL_CTX_new(ssl.TLS_client_method());
    freed.register(this, { openssl, pointer: this.pointer });
    setCiphers(openssl, this.pointer, ciphers);
    ssl.SSL_CTX_ctrl(this.pointer, SSL_CTRL_MODE, SSL_MODE_RELEASE_BUFFERS, null);
    // What a connection was verified as, and the channel binding with it, holds to its end.
    ssl.SSL_CTX_set_options(this.pointer, SSL_OP_NO_RENEGOTIATION);
    ssl.SSL_CTX_set_alpn_protos(this.pointer, ALPN_HTTP_1_1, ALPN_HTTP_1_1.length);
    ssl.SSL_CTX_set_verify(this.pointer, verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, null);
    if (verify) trust(openssl, this.pointer, roots);
  }
}

/** Connections hold their context themselves. */
const freed = new FinalizationRegistry<{ openssl: Openssl; pointer: Deno.PointerValue }>(
  ({ openssl, pointer }) => openssl.ssl.SSL_CTX_free(pointer),
);

function setCiphers(openssl: Openssl, context: Deno.PointerValue, ciphers: string): void {
  const { crypto, ssl } = openssl;
  crypto.ERR_clear_error();
  if (ssl.SSL_CTX_set_cipher_list(context, cString(ciphers)) !== 1) {
    throw cipherListInvalid(ciphers, openssl.words());
  }
  const isLegacy = ssl.SSL_CTX_get_security_level(context) === 0;
  const versionMin = isLegacy ? TLS1_VERSION : TLS1_2_VERSION;
  ssl.SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, versionMin, null);
}

function trust({ crypto, ssl }: Openssl, context: Deno.PointerValue, roots: readonly string[]) {
  const parameters = ssl.SSL_CTX_get0_param(context);
  crypto.X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
  crypto.X509_VERIFY_PARAM_set_hostflags(
    parameters,
    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
  );
  const store = ssl.SSL_CTX_get_cert_store(context);
  const texts = crypto.BIO_new(crypto.BIO_s_mem());
  try {
    for (const root of pemCertificates(roots)) {
      crypto.BIO_write(texts, root, root.length);
      const certificate = crypto.PEM_read_bio_X509(texts, null, null, null);
      if (certificate === null) continue; // the runtime's TLS leaves it out, too
      crypto.X509_STORE_add_cert(store, certificate);
      crypto.X509_free(certificate);
    }
  } finally {
    crypto.BIO_free(texts);
  }
}

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** One at a time, so that one that cannot be read hides none behind it. */
function* pemCertificates(texts: readonly string[]): Generator<Uint8Array<ArrayBuffer>> {
  for (const text of texts) {
    for (const [pem] of text.matchAll(PEM_CERTIFICATE)) {
      yield new TextEncoder().encode(`${pem}\n`);
    }
  }
}

function cipherListInvalid(ciphers: string, words: string): SyncError {
  return new SyncError(
    "fatal",
    "CipherListInvalid",
    `OpenSSL cannot use the list "${ciphers}" of \`ews_ssl_ciphers\`: ${words}`,
    {
      hint:
        "Name ciphers as openssl-ciphers(1) does, such as ECDHE-RSA-AES256-SHA384, with : between",
    },
  );
}
