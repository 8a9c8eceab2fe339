import { assert } from "../core/errors.ts";
import { type DestinationPlace, placeText } from "./destination_place.ts";
import { optionChoices, OPTIONS, type OptionValues } from "./options.ts";

/** Which of the configurations of a place is meant: `--remote-config-owner` and `…-key`. */
export interface RemoteConfigName {
  readonly owner: string;
  readonly key: string;
}

/** Where a configuration is kept remotely. */
export interface RemoteConfigAt {
  readonly name: RemoteConfigName;
  readonly place: DestinationPlace;
}

/** Rules of the commands that work on a remote configuration; one line for each breach. */
export function remoteConfigConflicts(
  values: OptionValues,
  token: string | undefined,
): readonly string[] {
  const lines: string[] = [];
  if (values["remote-config-owner"] === undefined) {
    lines.push(
      "Which configuration is missing: give --remote-config-owner OWNER and " +
        "--remote-config-key KEY",
    );
  }
  if (!placeOf(values)) {
    lines.push(`Where it is kept is missing: give ${optionChoices(PLACES)}`);
  }
  if (values["reinfer-api-endpoint"] && token === undefined) {
    lines.push("--reinfer-api-endpoint needs the variable REINFER_API_TOKEN");
  }
  return lines;
}

/**
 * The remote configuration that the options name, once no conflict was found; `undefined` if they
 * name none. Beside another place, the platform serves the configuration (spec section 1).
 */
export function remoteConfigOf(values: OptionValues): RemoteConfigAt | undefined {
  const owner = values["remote-config-owner"];
  const key = values["remote-config-key"];
  const place = placeOf(values);
  if (owner === undefined || key === undefined || !place) return undefined;
  return { name: { owner, key }, place };
}

/** Where a command finds its configuration: what `configChoiceOf` decides between. */
export function configOptions(
  values: OptionValues,
): { readonly configFile?: string; readonly remoteConfig?: RemoteConfigAt } {
  const configFile = values.config;
  const remoteConfig = remoteConfigOf(values);
  return {
    ...(configFile === undefined ? {} : { configFile }),
    ...(remoteConfig ? { remoteConfig } : {}),
  };
}

/** The place for people: where the object or the file is. */
export function remoteConfigText({ name: { owner, key }, place }: RemoteConfigAt): string {
  const below = placeText(place).replace(/\/+$/, "");
  if (place.kind !== "platform") return `${below}/config/${owner}/${key}.json`;
  return `${below.replace(/\/api$/, "")}/api/v1/appliance-configs/${owner}/${key}`;
}

const PLACES = ["reinfer-api-endpoint", "local-files-prefix", "private-file-prefix"] as const;

function placeOf(values: OptionValues): DestinationPlace | undefined {
  const {
    "reinfer-api-endpoint": endpoint,
    "local-files-prefix": prefix,
    "private-file-prefix": location,
  } = values;
  if (endpoint) {
    const privatePrefix = values["reinfer-api-prefix"] ?? OPTIONS["reinfer-api-prefix"].fallback;
    return { kind: "platform", endpoint, privatePrefix };
  }
  if (prefix !== undefined) return { kind: "local", prefix };
  return location && { kind: "azure", location };
}

/** What `config push` was told to do. */
export interface ConfigPushOptions {
  /** The file whose content becomes the remote configuration, as given. */
  readonly file: string;
  readonly to: RemoteConfigAt;
}

/** The options of `config push FILE`, once no conflict was found. */
export function configPushOptionsOf(values: OptionValues, file: string): ConfigPushOptions {
  const to = remoteConfigOf(values);
  assert(to !== undefined, "config push is told where to");
  return { file, to };
}
