import type { SyncConfig } from "./app_config.ts";
import type { ValidConfig } from "./load.ts";
import { quoted } from "./printable.ts";

/**
 * Where a configuration sends credentials, and what it trusts: the effective values by key. A key
 * without a value is not in it. `host` and `port` are part of `ews_endpoint`.
 */
export type CredentialTargets = ReadonlyMap<string, string>;

/** Keys of which `SyncConfig` holds nothing. */
const SETTING_KEYS = ["microsoft_api", "graph_endpoint"] as const;

/** The values that a remote configuration must not change (spec section 2). */
export function credentialTargetsOf(
  { exchange: { endpoint, auth, tls } }: SyncConfig,
  { settings }: Pick<ValidConfig, "settings">,
): CredentialTargets {
  const isOauth = auth.type === "oauth2";
  const settingOf = (key: string) => settings.find((one) => one.key === key)?.value;
  const values: readonly (readonly [string, string | undefined])[] = [
    ["ews_endpoint", endpoint.href],
    ...SETTING_KEYS.map((key) => [key, settingOf(key)?.replaceAll(/^"|"$/g, "")] as const),
    ["auth_type", auth.type],
    ["auth_oauth_authority", isOauth ? auth.authority.href : undefined],
    ["auth_oauth_scope", isOauth ? auth.scope : undefined],
    ["ews_ssl_verify", String(tls.verify)],
    ["ews_ssl_ca_file", tls.caFile],
  ];
  return new Map(values.flatMap(([key, value]) => value === undefined ? [] : [[key, value]]));
}

/** For each value that differs: its key, the value before and the one after, printable. */
export function changedTargets(
  before: CredentialTargets,
  after: CredentialTargets,
): readonly string[] {
  const keys = new Set([...before.keys(), ...after.keys()]);
  return [...keys].filter((key) => before.get(key) !== after.get(key))
    .map((key) => `${key} from ${shown(before.get(key))} to ${shown(after.get(key))}`);
}

function shown(value: string | undefined): string {
  return value === undefined ? "none" : quoted(value);
}
