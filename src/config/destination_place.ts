import { assert } from "../core/errors.ts";
import type { AzureLocation } from "./option_values.ts";
import { OPTIONS, type OptionValues } from "./options.ts";

/** Where emails and states go, as the options name it (spec section 1). */
export type DestinationPlace =
  | {
    readonly kind: "local";
    /** Folder that emails and states are below, as given. */
    readonly prefix: string;
  }
  | { readonly kind: "azure"; readonly location: AzureLocation }
  | {
    readonly kind: "platform";
    /** Base of the API, as given. */
    readonly endpoint: URL;
    /** Prefix of the API's private paths. */
    readonly privatePrefix: string;
    /** Folder for full state; absent: the platform alone keeps it. */
    readonly stateDir?: string;
  };

/** The one destination that results from the options, once no conflict was found. */
export function destinationPlaceOf(values: OptionValues): DestinationPlace {
  const prefix = values["local-files-prefix"];
  const location = values["private-file-prefix"];
  const endpoint = values["reinfer-api-endpoint"];
  if (prefix !== undefined) return { kind: "local", prefix };
  if (location) return { kind: "azure", location };
  assert(endpoint !== undefined, "exactly one destination is named");
  const stateDir = values["state-dir"];
  return {
    kind: "platform",
    endpoint,
    privatePrefix: values["reinfer-api-prefix"] ?? OPTIONS["reinfer-api-prefix"].fallback,
    ...(stateDir === undefined ? {} : { stateDir }),
  };
}

/** The destination for people: what they gave to name it. */
export function placeText(place: DestinationPlace): string {
  switch (place.kind) {
    case "local":
      return place.prefix;
    case "azure": {
      const { account, container, prefix } = place.location;
      return `az://${account}/${container}${prefix === "" ? "" : `/${prefix}`}`;
    }
    case "platform":
      return place.endpoint.href;
  }
}
