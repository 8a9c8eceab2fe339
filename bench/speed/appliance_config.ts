import { join } from "node:path";
import { bucketOf } from "../storm/sinks.ts";
import { type BenchScene, freshFolder } from "./bench_scene.ts";

/** The executable that is measured. */
export const BINARY = "dist/reinfer-ews";

/** What the executable needs to be run: arguments and environment. */
export interface ConfiguredAppliance {
  /** Of `run`, without a destination. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** For what it writes. */
  readonly folder: string;
}

/** The most that is allowed: nothing is to wait for another round. */
const EMAILS_PER_FOLDER = 100_000;

/** As the image and the systemd unit set it. */
const ENVIRONMENT = { MALLOC_ARENA_MAX: "1" } as const;

/** Writes the config file (spec section 2) into a fresh folder, of that name to `BenchScene.folders`. */
export async function configuredAppliance(
  scene: BenchScene,
  name: string,
  mailboxKeys: Readonly<Record<string, string>> = {},
): Promise<ConfiguredAppliance> {
  const { ready } = scene.exchange;
  const folder = await freshFolder(scene, name);
  const caFile = join(folder, "ca.pem");
  const roots = join(folder, "authority.pem");
  const file = join(folder, "config.json");
  if (ready.caPem) await Deno.writeTextFile(caFile, ready.caPem);
  if (ready.authority) await Deno.writeTextFile(roots, ready.authority.caPem);
  const config = {
    ews_endpoint: ready.endpoint,
    ...(ready.caPem ? { ews_ssl_ca_file: caFile } : {}),
    ...signIn(ready),
    access_type: "impersonation",
    poll_message_sleep: 0,
    emails_per_folder: EMAILS_PER_FOLDER,
    mailboxes: Object.fromEntries(
      ready.mailboxes.map((address) => [address, { bucket: bucketOf(address), ...mailboxKeys }]),
    ),
  };
  await Deno.writeTextFile(file, JSON.stringify(config), { mode: 0o600 });
  return {
    args: ["run", "--config", file, "--log-format", "json"],
    env: { ...ENVIRONMENT, ...(ready.authority ? { SSL_CERT_FILE: roots } : {}) },
    folder,
  };
}

function signIn({ authority, caPem, user, password }: BenchScene["exchange"]["ready"]) {
  if (!authority) {
    const type = caPem ? "ntlm" : "basic";
    return { auth_type: type, auth_user: user, auth_password: password };
  }
  return {
    auth_type: "oauth2",
    auth_oauth_authority: authority.url,
    auth_oauth_client_id: authority.clientId,
    auth_oauth_client_secret: authority.secret,
  };
}
