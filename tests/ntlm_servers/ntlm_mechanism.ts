import { join } from "node:path";
import { type DebianPackages, MULTIARCH } from "../../scripts/debian_packages.ts";

/** The one account of a server; ASCII without colons, for the sake of gss-ntlmssp. */
export interface ServerAccount {
  readonly domain: string;
  readonly user: string;
  readonly password: string;
}

/**
 * Puts gss-ntlmssp into `folder`, readable for everyone, and returns the environment in which the
 * system's GSSAPI library finds it and it finds its one account.
 */
export async function ntlmMechanism(
  packages: DebianPackages,
  folder: string,
  { domain, user, password }: ServerAccount,
): Promise<Record<"MECHANISM" | "GSS_MECH_CONFIG" | "NTLM_USER_FILE" | "LD_LIBRARY_PATH", string>> {
  const mechanism = join(folder, "gssntlmssp.so");
  const packaged = await packages.pathOf(`/usr/lib/${MULTIARCH}/gssntlmssp/gssntlmssp.so`);
  await Deno.copyFile(packaged, mechanism);
  const config = join(folder, "mech");
  // Its object identifier, which is also in [MS-NLMP] 1.9.
  await Deno.writeTextFile(config, `gssntlmssp_v1 1.3.6.1.4.1.311.2.2.10 ${mechanism}\n`);
  const users = join(folder, "users");
  await Deno.writeTextFile(users, `${domain}:${user}:${password}\n`);
  return {
    MECHANISM: mechanism,
    GSS_MECH_CONFIG: config,
    NTLM_USER_FILE: users,
    LD_LIBRARY_PATH: packages.libraryPath(),
  };
}
