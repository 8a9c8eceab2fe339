import { rootCertificates } from "node:tls";
import { checkTlsRoots } from "../tls_roots.ts";

const NONE_ON_TOP: readonly string[] = [];

/** Where distributions keep the roots of the system, each in one file of PEM certificates. */
const SYSTEM_ROOTS = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
] as const;

/**
 * The roots that the runtime's TLS trusts in this process, as PEM texts: the system's, or those of
 * `SSL_CERT_FILE` in their place, and Mozilla's.
 *
 * @throws SyncError as `checkTlsRoots` does.
 */
export function trustedRoots(): readonly string[] {
  checkTlsRoots(NONE_ON_TOP);
  return [systemRoots(), ...rootCertificates];
}

function systemRoots(): string {
  const named = Deno.env.get("SSL_CERT_FILE");
  if (named) return Deno.readTextFileSync(named);
  for (const path of SYSTEM_ROOTS) {
    try {
      return Deno.readTextFileSync(path);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return ""; // Mozilla's remain
}
