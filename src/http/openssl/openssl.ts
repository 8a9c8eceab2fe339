import { SyncError } from "../../core/errors.ts";
import { CLibrary, textOf } from "./c_library.ts";
import { OpensslFailure } from "./openssl_failure.ts";
import { CRYPTO_SYMBOLS, SSL_SYMBOLS } from "./symbols.ts";

/** Names of the libraries; the second is linked with the first. */
export const LIBRARIES = ["libcrypto.so.3", "libssl.so.3"] as const;

/** Of <openssl/crypto.h>: no configuration file of this machine has a say. */
const OPENSSL_INIT_NO_LOAD_CONFIG = 0x80n;
/** Records of TLS hold at most 16 KiB; four of them go on at a time. */
const SCRATCH_BYTES = 64 * 1024;
const ERROR_BYTES_MAX = 256;

type Symbols<S extends Deno.ForeignLibraryInterface> = Deno.DynamicLibrary<S>["symbols"];

/** OpenSSL's libraries in this process: its functions, and what every caller of them needs. */
export class Openssl {
  /** Such as `OpenSSL 3.0.20 7 Apr 2026`. */
  readonly version: string;
  /** For bytes on their way through a call; whoever calls copies them at once. */
  readonly scratch = new Uint8Array(SCRATCH_BYTES);
  readonly #c: CLibrary;

  private constructor(
    c: CLibrary,
    readonly crypto: Symbols<typeof CRYPTO_SYMBOLS>,
    readonly ssl: Symbols<typeof SSL_SYMBOLS>,
  ) {
    this.#c = c;
    this.version = c.textAt(crypto.OpenSSL_version(0));
  }

  /**
   * Loads the libraries of a folder, which may lie within the executable: out of memory, so that no
   * folder has to be writable. They stay loaded as long as the process lives.
   *
   * @throws SyncError of kind `fatal`, code `OpensslUnavailable`, with the loader's words.
   */
  static load(folder: URL): Openssl {
    try {
      const c = CLibrary.load();
      const [cryptoName, sslName] = LIBRARIES;
      const crypto = Deno.readFileSync(new URL(cryptoName, folder));
      const ssl = Deno.readFileSync(new URL(sslName, folder));
      return c.withMemoryFile(
        cryptoName,
        crypto,
        (cryptoPath) =>
          c.withMemoryFile(sslName, ssl, (sslPath) => Openssl.#at(c, cryptoPath, sslPath)),
      );
    } catch (cause) {
      throw unavailable(cause);
    }
  }

  /** Both files stay open meanwhile: to the loader, one path is one library. */
  static #at(c: CLibrary, cryptoPath: string, sslPath: string): Openssl {
    Deno.dlopen(cryptoPath, {});
    // It finds the former by its name among what is loaded; through it, it is sure to be the same one.
    const crypto = Deno.dlopen(sslPath, CRYPTO_SYMBOLS).symbols;
    const ssl = Deno.dlopen(sslPath, SSL_SYMBOLS).symbols;
    ssl.OPENSSL_init_ssl(OPENSSL_INIT_NO_LOAD_CONFIG, null);
    return new Openssl(c, crypto, ssl);
  }

  /** The text at a pointer to characters. */
  textAt(pointer: Deno.PointerValue): string {
    return this.#c.textAt(pointer);
  }

  /** What OpenSSL says of the first thing that went wrong since `ERR_clear_error`. */
  words(): string {
    const code = this.crypto.ERR_get_error();
    if (code === 0n) return "no reason given";
    const text = new Uint8Array(ERROR_BYTES_MAX);
    this.crypto.ERR_error_string_n(code, text, BigInt(text.length));
    return textOf(text);
  }

  /** The failure of the last call; `detail` says more about it. */
  failure(detail = ""): OpensslFailure {
    return new OpensslFailure(this.words() + (detail === "" ? "" : ` (${detail})`));
  }
}

function unavailable(cause: unknown): SyncError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SyncError(
    "fatal",
    "OpensslUnavailable",
    `OpenSSL, which \`ews_ssl_ciphers\` needs, cannot be loaded: ${reason}`,
    {
      hint:
        "Run the published executable on a Linux with glibc 2.34 or newer, /proc and files in " +
        "memory that may be executed; or remove the key",
      cause,
    },
  );
}
