import { isIP } from "node:net";
import { assert } from "../../core/errors.ts";
import { cString } from "./c_library.ts";
import type { OpensslContext } from "./openssl_context.ts";
import type { Openssl } from "./openssl.ts";
import { OpensslFailure } from "./openssl_failure.ts";

/** Of <openssl/ssl.h>. */
const SET_TLSEXT_HOSTNAME = 55;
const HOST_NAME = 0n;
const SSL_ERROR_WANT_READ = 2;
const SSL_ERROR_ZERO_RETURN = 6;
/** Content of one record of TLS (RFC 8446 section 5.1). */
const RECORD_BYTES_MAX = 16 * 1024;
const X509_V_OK = 0n;

/** What a handshake has come to. */
export interface TlsAgreement {
  /** The server's, in DER. */
  readonly certificate: Uint8Array<ArrayBuffer>;
  /** For people, such as `TLSv1.1 with ECDHE-RSA-AES256-SHA by OpenSSL 3.0.20 …`. */
  readonly description: string;
}

/**
 * One TLS connection as OpenSSL sees it (an `SSL`), without a socket: bytes from the server go in by
 * `receive`, bytes for it come out by `takeOutput`, and in between plain bytes are read and written.
 *
 * What it holds is bounded by what was received and not read, and written and not taken, plus a
 * record each and a handshake, which OpenSSL bounds. Once freed nothing may be called any more.
 */
export class OpensslSession {
  readonly #openssl: Openssl;
  readonly #input: Deno.PointerValue;
  readonly #output: Deno.PointerValue;
  /** Null once it is freed. */
  #ssl: Deno.PointerValue;
  /** What follows behind the bytes that were read last. */
  #failure: OpensslFailure | undefined;

  /** `host` is the name or address the server's certificate has to be for. */
  constructor({ openssl, pointer, verifies }: OpensslContext, host: string) {
    const { crypto, ssl } = openssl;
    this.#openssl = openssl;
    this.#ssl = ssl.SSL_new(pointer);
    this.#input = crypto.BIO_new(crypto.BIO_s_mem());
    this.#output = crypto.BIO_new(crypto.BIO_s_mem());
    // The session owns both from here on.
    ssl.SSL_set_bio(this.#live, this.#input, this.#output);
    ssl.SSL_set_connect_state(this.#live);
    if (isIP(host) === 0) ssl.SSL_ctrl(this.#live, SET_TLSEXT_HOSTNAME, HOST_NAME, cString(host));
    if (verifies) this.#expect(host);
  }

  #expect(host: string): void {
    const { crypto, ssl } = this.#openssl;
    const parameters = ssl.SSL_get0_param(this.#live);
    const isExpected = isIP(host) === 0
      ? crypto.X509_VERIFY_PARAM_set1_host(parameters, cString(host), 0n)
      : crypto.X509_VERIFY_PARAM_set1_ip_asc(parameters, cString(host));
    assert(isExpected === 1, "OpenSSL verifies the name it was given");
  }

  get #live(): Deno.PointerValue {
    assert(this.#ssl !== null, "a session is not used once it is freed");
    return this.#ssl;
  }

  /** Takes bytes that the server sent. */
  receive(bytes: Uint8Array<ArrayBuffer>): void {
    assert(this.#ssl !== null, "a session is not used once it is freed");
    this.#openssl.crypto.BIO_write(this.#input, bytes, bytes.length);
  }

  /** Goes on with the handshake; true when it is done. @throws OpensslFailure */
  handshake(): boolean {
    const { crypto, ssl } = this.#openssl;
    crypto.ERR_clear_error();
    const result = ssl.SSL_do_handshake(this.#live);
    if (result === 1) return true;
    if (ssl.SSL_get_error(this.#live, result) === SSL_ERROR_WANT_READ) return false;
    const verified = ssl.SSL_get_verify_result(this.#live);
    throw this.#openssl.failure(
      verified === X509_V_OK
        ? ""
        : this.#openssl.textAt(crypto.X509_verify_cert_error_string(verified)),
    );
  }

  /**
   * Plain bytes of the server, at most 64 KiB, in a buffer of their own; undefined: there are none
   * before more is received; null: it has said that there will be none. @throws OpensslFailure
   */
  read(): Uint8Array<ArrayBuffer> | undefined | null {
    const { crypto, ssl, scratch } = this.#openssl;
    if (this.#failure) throw this.#failure;
    crypto.ERR_clear_error();
    let length = 0;
    while (length + RECORD_BYTES_MAX <= scratch.length) {
      const result = ssl.SSL_read(this.#live, scratch.subarray(length), scratch.length - length);
      if (result <= 0) {
        const end = this.#endOf(result);
        if (length > 0) break;
        if (this.#failure) throw this.#failure;
        return end;
      }
      length += result;
    }
    return scratch.slice(0, length);
  }

  #endOf(result: number): undefined | null {
    const error = this.#openssl.ssl.SSL_get_error(this.#live, result);
    if (error === SSL_ERROR_ZERO_RETURN) return null;
    if (error !== SSL_ERROR_WANT_READ) this.#failure = this.#openssl.failure();
    return undefined;
  }

  /** Encrypts plain bytes for the server. @throws OpensslFailure */
  write(bytes: Uint8Array<ArrayBuffer>): void {
    const { crypto, ssl } = this.#openssl;
    crypto.ERR_clear_error();
    for (let offset = 0; offset < bytes.length;) {
      const written = ssl.SSL_write(this.#live, bytes.subarray(offset), bytes.length - offset);
      if (written <= 0) throw this.#openssl.failure();
      offset += written;
    }
  }

  /** Says to the server that nothing more comes. */
  shutDown(): void {
    this.#openssl.ssl.SSL_shutdown(this.#live);
  }

  /** Bytes for the server, at most 64 KiB, in a buffer of their own; undefined: none for now. */
  takeOutput(): Uint8Array<ArrayBuffer> | undefined {
    assert(this.#ssl !== null, "a session is not used once it is freed");
    const { crypto, scratch } = this.#openssl;
    const length = crypto.BIO_read(this.#output, scratch, scratch.length);
    return length > 0 ? scratch.slice(0, length) : undefined;
  }

  /** What the handshake has come to, once it is done. */
  get agreement(): TlsAgreement {
    const { ssl, version } = this.#openssl;
    const protocol = this.#openssl.textAt(ssl.SSL_get_version(this.#live));
    const cipher = ssl.SSL_CIPHER_get_name(ssl.SSL_get_current_cipher(this.#live));
    return {
      certificate: this.#certificate(),
      description: `${protocol} with ${this.#openssl.textAt(cipher)} by ${version}`,
    };
  }

  #certificate(): Uint8Array<ArrayBuffer> {
    const { crypto, ssl } = this.#openssl;
    const certificate = ssl.SSL_get1_peer_certificate(this.#live);
    const encoded = crypto.BIO_new(crypto.BIO_s_mem());
    try {
      if (certificate === null) throw new OpensslFailure("the server showed no certificate");
      crypto.i2d_X509_bio(encoded, certificate);
      const der = new Uint8Array(Number(crypto.BIO_ctrl_pending(encoded)));
      crypto.BIO_read(encoded, der, der.length);
      return der;
    } finally {
      crypto.BIO_free(encoded);
      crypto.X509_free(certificate);
    }
  }

  /** Gives everything back. May be called again. */
  free(): void {
    this.#openssl.ssl.SSL_free(this.#ssl);
    this.#ssl = null;
  }
}
