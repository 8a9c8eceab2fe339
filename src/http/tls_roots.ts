import { X509Certificate } from "node:crypto";
import { SyncError } from "../core/errors.ts";

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

function invalid(reason: string, cause?: unknown): SyncError {
  return new SyncError("fatal", "CaFileInvalid", `CA file cannot be used: ${reason}`, {
    hint: "Put the root certificates into the file named by `ews_ssl_ca_file`, in PEM form",
    cause,
  });
}
