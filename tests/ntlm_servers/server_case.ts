import type { DebianPackages } from "../../scripts/debian_packages.ts";
import { SERVER_PACKAGES } from "./server_packages.ts";

/**
 * A test that starts servers of Debian packages; where they cannot be had it is ignored, and its
 * name says why. undici keeps a timer for the whole process, for which Deno's leak checks would
 * blame whichever test runs.
 */
export function serverCase(name: string, test: (packages: DebianPackages) => Promise<void>): void {
  const options = { sanitizeOps: false, sanitizeResources: false } as const;
  if ("unavailable" in SERVER_PACKAGES) {
    const { unavailable } = SERVER_PACKAGES;
    Deno.test({ ...options, name: `${name} (${unavailable})`, ignore: true, fn: () => {} });
    return;
  }
  const packages = SERVER_PACKAGES;
  Deno.test({ ...options, name, fn: () => test(packages) });
}
