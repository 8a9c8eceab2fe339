import {
  type DestinationEnvironment,
  type PlatformAccessConfig,
  readDestination,
  readPlatformAccess,
} from "../../config/destination_config.ts";
import { noFindings, problemLine } from "../../config/problem.ts";
import { type RemoteConfigAt, remoteConfigText } from "../../config/remote_config_options.ts";
import type { Env } from "../../core/env.ts";
import { rotatingSecretFrom } from "../rotating_secret_from.ts";
import { openStoredSource, type StoredConfig } from "../push/stored_source.ts";
import {
  ObjectConfigStore,
  PlatformConfigStore,
  type RemoteConfigStore,
} from "./remote_config_store.ts";

/** Where a configuration is kept, with all that the environment adds. */
export interface ConfigPlace {
  readonly at: RemoteConfigAt;
  readonly access: StoredConfig | PlatformAccessConfig & { readonly kind: "platform" };
}

/** Its connections are closed when it is disposed. */
export type OpenedConfigStore = RemoteConfigStore & AsyncDisposable;

/** Completes what the options say, or says what is wrong, one line each. */
export async function readConfigPlace(
  at: RemoteConfigAt,
  environment: DestinationEnvironment,
): Promise<ConfigPlace | { readonly problems: readonly string[] }> {
  const findings = noFindings();
  const access = await accessOf(at, environment, findings);
  if (access && findings.problems.length === 0) return { at, access };
  const problems = findings.problems.map(problemLine);
  return {
    problems: problems.length > 0
      ? problems
      : ["--reinfer-api-endpoint needs the variable REINFER_API_TOKEN"],
  };
}

async function accessOf(
  { place }: RemoteConfigAt,
  environment: DestinationEnvironment,
  findings: ReturnType<typeof noFindings>,
): Promise<ConfigPlace["access"] | undefined> {
  if (place.kind === "platform") {
    const access = await readPlatformAccess(place, environment, findings);
    return access && { kind: "platform", ...access };
  }
  const config = await readDestination(place, environment, findings);
  return config?.kind === "platform" ? undefined : config;
}

/**
 * Makes ready where a configuration is kept; nothing is connected yet.
 *
 * @throws SyncError of kind `fatal` for an API endpoint that cannot be one.
 */
export async function openConfigStore(
  { at, access }: ConfigPlace,
  env: Env,
): Promise<OpenedConfigStore> {
  const place = remoteConfigText(at);
  if (access.kind !== "platform") {
    const source = await openStoredSource(access, env);
    const store = new ObjectConfigStore({ store: source.store, name: at.name, place });
    return closedBy(store, source);
  }
  const { openPlatform } = await import("../../platform/platform_destination.ts");
  const { platformEndpointOf } = await import("../../platform/platform_endpoint.ts");
  const { readApplianceConfig, writeApplianceConfig } = await import(
    "../../platform/appliance_configs.ts"
  );
  const { endpoint, privatePrefix, token, proxy } = access;
  const platform = openPlatform({
    endpoint: platformEndpointOf(endpoint.href, privatePrefix),
    token: rotatingSecretFrom(token, { onChange: () => undefined, log: env.log }),
    ...(proxy ? { proxy } : {}),
    env,
  });
  const { client } = platform;
  const calls = {
    read: (options: { readonly signal: AbortSignal }) =>
      readApplianceConfig(client, at.name, options),
    write: (text: string, options: { readonly signal: AbortSignal }) =>
      writeApplianceConfig(client, at.name, text, options),
  };
  return closedBy(new PlatformConfigStore({ calls, place }), platform);
}

function closedBy(store: RemoteConfigStore, connections: AsyncDisposable): OpenedConfigStore {
  return {
    place: store.place,
    read: (options) => store.read(options),
    write: (bytes, options) => store.write(bytes, options),
    [Symbol.asyncDispose]: () => connections[Symbol.asyncDispose](),
  };
}
