import { Secret } from "../core/secret.ts";
import type { ConfiguredSecret } from "./configured_secret.ts";
import type { DestinationPlace } from "./destination_place.ts";
import { readSecretFile, type ReadVariable, variableOf } from "./environment.ts";
import type { AzureLocation } from "./option_values.ts";
import { quoted } from "./printable.ts";
import type { Findings } from "./problem.ts";
import { type ProxyConfig, proxyFor } from "./proxy.ts";
import type { ReadFile } from "./read_text.ts";
import { secureUrlOf } from "./web_url.ts";

/** A destination with all that the environment adds to the options that name it. */
export type DestinationConfig =
  | { readonly kind: "local"; readonly prefix: string }
  | AzureConfig
  | PlatformConfig;

export interface AzureConfig {
  readonly kind: "azure";
  readonly location: AzureLocation;
  /** In place of the account's own; absent: `https://ACCOUNT.blob.core.windows.net`. */
  readonly endpoint?: URL;
  /** The environment that credentials come from; looked at when they are first needed. */
  readonly variable: ReadVariable;
  readonly readFile: ReadFile;
  /** The proxy on the way to a service of Azure; undefined: it is reached directly. */
  readonly proxyFor: (url: URL) => ProxyConfig | undefined;
}

export interface PlatformConfig extends PlatformAccessConfig {
  readonly kind: "platform";
  /** Folder for full state; absent: the platform alone keeps it. */
  readonly stateDir?: string;
}

/** The way to the platform's API. */
export interface PlatformAccessConfig {
  readonly endpoint: URL;
  readonly privatePrefix: string;
  readonly token: ConfiguredSecret;
  readonly proxy?: ProxyConfig;
}

/** Where the environment is read. */
export interface DestinationEnvironment {
  readonly env: ReadVariable;
  readonly readFile: ReadFile;
}

/** Completes a destination; undefined if something is wrong, which is in `findings` then. */
export async function readDestination(
  place: DestinationPlace,
  { env, readFile }: DestinationEnvironment,
  findings: Findings,
): Promise<DestinationConfig | undefined> {
  switch (place.kind) {
    case "local":
      return place;
    case "azure":
      return azureConfigOf(place.location, { env, readFile }, findings);
    case "platform": {
      const access = await readPlatformAccess(place, { env, readFile }, findings);
      if (!access) return undefined;
      return {
        kind: "platform",
        ...access,
        ...(place.stateDir ? { stateDir: place.stateDir } : {}),
      };
    }
  }
}

/** The way to the platform, also where it serves nothing but a configuration. */
export async function readPlatformAccess(
  { endpoint, privatePrefix }: Pick<PlatformAccessConfig, "endpoint" | "privatePrefix">,
  { env, readFile }: DestinationEnvironment,
  findings: Findings,
): Promise<PlatformAccessConfig | undefined> {
  const token = await readToken({ env, readFile }, findings);
  const proxy = proxyFor(endpoint, env, findings);
  return token && { endpoint, privatePrefix, token, ...(proxy ? { proxy } : {}) };
}

function azureConfigOf(
  location: AzureLocation,
  { env, readFile }: DestinationEnvironment,
  findings: Findings,
): AzureConfig {
  const given = variableOf(env, "REINFER_EWS_AZURE_BLOB_ENDPOINT");
  const endpoint = given === undefined ? undefined : secureUrlOf(given);
  // A proxy that cannot be used is to be said before anything goes through it.
  proxyFor(endpoint ?? new URL("https://blob.core.windows.net"), env, findings);
  return {
    kind: "azure",
    location,
    ...(endpoint ? { endpoint } : {}),
    variable: env,
    readFile,
    proxyFor: (url) => proxyFor(url, env, { problems: [], warnings: [] }),
  };
}

/** REINFER_API_TOKEN, a file with it, or REINFER_TOKEN where that is unset (spec section 1). */
async function readToken(
  { env, readFile }: DestinationEnvironment,
  findings: Findings,
): Promise<ConfiguredSecret | undefined> {
  const value = variableOf(env, "REINFER_API_TOKEN");
  const at = "REINFER_API_TOKEN_FILE";
  const file = variableOf(env, at);
  if (value !== undefined && file !== undefined) {
    const message = "excludes REINFER_API_TOKEN: unset one of them";
    findings.problems.push({ at, message });
    return undefined;
  }
  if (file === undefined) {
    const token = value ?? variableOf(env, "REINFER_TOKEN");
    return token === undefined ? undefined : { value: new Secret(token) };
  }
  const read = await readSecretFile(file, readFile);
  if ("value" in read) return { value: new Secret(read.value), file };
  findings.problems.push({ at, value: quoted(file), message: `this file ${read.fault}` });
  return undefined;
}
