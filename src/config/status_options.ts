import type { DestinationPlace } from "./destination_place.ts";
import type { OptionValues } from "./options.ts";
import type { RemoteConfigAt } from "./remote_config_options.ts";
import type { Shard } from "./shard.ts";
import { placeOptions, shardOptions } from "./shared_options.ts";

/** What `status` was told to do. Only what this version can do: it refuses the rest. */
export interface StatusOptions {
  /** From `--config`; absent: the variable REINFER_EWS_CONFIG says it. */
  readonly configFile?: string;
  /** Used where no local configuration is named. */
  readonly remoteConfig?: RemoteConfigAt;
  readonly destination: DestinationPlace;
  /** One JSON document instead of text. */
  readonly json: boolean;
  /** Absent: all mailboxes. */
  readonly shard?: Shard;
}

/** What `status --url` was told to do: a running instance is asked, which has its configuration. */
export interface InstanceStatusOptions {
  readonly url: URL;
  /** One JSON document instead of text. */
  readonly json: boolean;
}

/** The options of `status`, once no conflict was found. */
export function statusOptionsOf(values: OptionValues): StatusOptions | InstanceStatusOptions {
  const { url, json = false } = values;
  return url ? { url, json } : { ...placeOptions(values), json, ...shardOptions(values) };
}
