import type { ExchangeTlsConfig } from "../config/app_config.ts";
import { SyncError, syncErrorOf } from "../core/errors.ts";
import { OPEN_FILES } from "../http/openssl/c_library.ts";
import { Openssl } from "../http/openssl/openssl.ts";
import { OpensslContext } from "../http/openssl/openssl_context.ts";
import { trustedRoots } from "../http/openssl/trusted_roots.ts";
import { failureLine } from "./command.ts";
import { giveUpLibraries } from "./least_privilege.ts";
import { BUILD_INFO } from "./version.ts";

/** Where the build puts the libraries: beside the bundle, within the executable. */
const EMBEDDED = new URL("./openssl/", import.meta.url);

let loaded: Openssl | undefined;

/**
 * Loads OpenSSL if the configuration asks for it, and gives up for good the permission to load
 * libraries, whether or not it does: to be called with every configuration before it is used. What
 * is returned is why it cannot be used, one line for each reason.
 */
export function opensslProblems({ ciphers }: ExchangeTlsConfig): readonly string[] {
  try {
    if (ciphers !== undefined) {
      new OpensslContext(embeddedOpenssl(), { ciphers, verify: false, roots: [] });
    }
    return [];
  } catch (thrown) {
    return [failureLine(syncErrorOf(thrown))];
  } finally {
    giveUpLibraries();
  }
}

/**
 * How OpenSSL connects to Exchange; undefined where the runtime's own TLS does.
 *
 * @throws SyncError of kind `fatal`, code `CipherListInvalid` or `OpensslUnavailable`.
 */
export function opensslFor(
  { ciphers, verify }: ExchangeTlsConfig,
  extraRoots: readonly string[],
): OpensslContext | undefined {
  if (ciphers === undefined) return undefined;
  const roots = verify ? [...trustedRoots(), ...extraRoots] : [];
  return new OpensslContext(embeddedOpenssl(), { ciphers, verify, roots });
}

function embeddedOpenssl(): Openssl {
  if (loaded) return loaded;
  if (BUILD_INFO.openssl === undefined) throw notInside();
  const permission = Deno.permissions.querySync({ name: "ffi", path: OPEN_FILES });
  if (permission.state !== "granted") throw takesRestart();
  return loaded = Openssl.load(EMBEDDED);
}

function notInside(): SyncError {
  const message = "`ews_ssl_ciphers` needs OpenSSL, which is not in a program run from its sources";
  const hint = "Run the executable that `scripts/build` makes, or remove the key";
  return new SyncError("fatal", "OpensslUnavailable", message, { hint });
}

function takesRestart(): SyncError {
  const message = "`ews_ssl_ciphers` cannot be added to a process that was started without it, " +
    "since that gave up loading libraries";
  return new SyncError("fatal", "OpensslUnavailable", message, { hint: "Restart it" });
}
