import type { SyncConfig } from "./app_config.ts";
import { quoted } from "./printable.ts";

/**
 * Where a configuration sends credentials, and what it trusts: the effective values by key. A key
 * without a value is not in it. `host` and `port` are part of `ews_endpoint`.
 */
export type CredentialTargets = ReadonlyMap<string, string>;

/** The values that a remote configuration must not change (spec section 2). */
export function credentialTargetsOf(
  { exchange: { api, endpoint, auth, tls } }: SyncConfig,
): CredentialTargets {
  const isOauth = auth.type === "oauth2";
  const values: readonly (readonly [string, string | undefined])[] = [
    ["microsoft_api", api],
    [api === "graph" ? "graph_endpoint" : "ews_endpoint", endpoint.href],
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
