import type { DestinationPlace } from "./destination_place.ts";
import type { OptionValues } from "./options.ts";
import type { RemoteConfigAt } from "./remote_config_options.ts";
import type { Shard } from "./shard.ts";
import { logOptions, placeOptions, shardOptions } from "./shared_options.ts";

/** What `check` was told to do. Only what this version can do: it refuses the rest. */
export interface CheckOptions {
  /** From `--config`; absent: the variable REINFER_EWS_CONFIG says it. */
  readonly configFile?: string;
  /** Used where no local configuration is named. */
  readonly remoteConfig?: RemoteConfigAt;
  readonly destination: DestinationPlace;
  /** Address in lower case, not checked to be configured; absent: every mailbox of the shard. */
  readonly mailbox?: string;
  /** One JSON document instead of text. */
  readonly json: boolean;
  readonly debugLevel: 0 | 1 | 2;
  /** Absent: text on a terminal, JSON lines otherwise. */
  readonly logFormat?: "text" | "json";
  /** Absent: all mailboxes. */
  readonly shard?: Shard;
}

/** The options of `check`, once no conflict was found. */
export function checkOptionsOf(values: OptionValues): CheckOptions {
  const { mailbox } = values;
  return {
    ...placeOptions(values),
    ...(mailbox === undefined ? {} : { mailbox }),
    json: values.json ?? false,
    ...logOptions(values),
    ...shardOptions(values),
  };
}
