import { X509Certificate } from "node:crypto";
import { SyncError } from "../core/errors.ts";
import { foreignText } from "./foreign_text.ts";

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/**
 * The certificates of a PEM file, each as a PEM text of its own, in the order of the file.
 *
 * Deno's TLS skips what it cannot read in silence, so everything is read here once: throws a
 * `SyncError` of kind `fatal` and code `CaFileInvalid` if there is none, or one is malformed.
 */
export function tlsRootsOf(pem: string): readonly string[] {
  const roots = pem.match(PEM_CERTIFICATE) ?? [];
  if (roots.length === 0) throw invalid("it holds no PEM certificate");
  roots.forEach((root, index) => {
    try {
      new X509Certificate(root);
    } catch (cause) {
      throw invalid(`its certificate number ${index + 1} cannot be read`, cause);
    }
  });
  return roots;
}

/** Roots with which TLS has been found to begin. */
const usableRoots = new WeakSet<readonly string[]>();

/**
 * Makes sure that TLS can begin at all with the roots of the process and these on top. Where they
 * cannot be loaded (`SSL_CERT_FILE` names no readable file, say), the runtime's sockets wait for
 * ever without a word. Throws a `SyncError` of kind `fatal` and code `TrustStoreInvalid`.
 */
export function checkTlsRoots(extraRoots: readonly string[]): void {
  if (usableRoots.has(extraRoots)) return;
  try {
    Deno.createHttpClient({ caCerts: [...extraRoots] }).close();
  } catch (cause) {
    const reason = foreignText(cause instanceof Error ? cause.message : String(cause));
    const message = `The certificates to trust cannot be loaded: ${reason}`;
    throw new SyncError("fatal", "TrustStoreInvalid", message, {
      hint: "Check that `SSL_CERT_FILE`, if it is set, names a readable file of PEM certificates",
      cause,
    });
  }
  usableRoots.add(extraRoots);
}

function invalid(reason: string, cause?: unknown): SyncError {
  return new SyncError("fatal", "CaFileInvalid", `CA file cannot be used: ${reason}`, {
    hint: "Put the root certificates into the file named by `ews_ssl_ca_file`, in PEM form",
    cause,
  });
}
