import type { DestinationPlace } from "./destination_place.ts";
import type { BindAddress } from "./option_values.ts";
import type { OptionValues } from "./options.ts";
import type { RemoteConfigAt } from "./remote_config_options.ts";
import type { Shard } from "./shard.ts";
import { logOptions, placeOptions, shardOptions } from "./shared_options.ts";

/** What `run` was told to do. Only what this version can do: it refuses the rest. */
export interface RunOptions {
  /** From `--config`; absent: the variable REINFER_EWS_CONFIG says it. */
  readonly configFile?: string;
  /** Used where no local configuration is named. */
  readonly remoteConfig?: RemoteConfigAt;
  readonly destination: DestinationPlace;
  readonly once: boolean;
  /** Try emails on record as skipped first, whatever their schedule says. */
  readonly retrySkipped: boolean;
  /** Restart inside the process instead of exiting. */
  readonly restartOnUnrecoverableErrors: boolean;
  readonly debugLevel: 0 | 1 | 2;
  /** Absent: text on a terminal, JSON lines otherwise. */
  readonly logFormat?: "text" | "json";
  /** Absent: all mailboxes. */
  readonly shard?: Shard;
  /** Where health, metrics and status are served; absent: nowhere. */
  readonly bind?: BindAddress;
  /** How much of the status is shown; absent: everything on a loopback address, else a summary. */
  readonly status?: "full" | "summary" | "off";
}

/** The options of `run`, once no conflict was found. */
export function runOptionsOf(values: OptionValues): RunOptions {
  const { bind, status } = values;
  return {
    ...placeOptions(values),
    once: values.once ?? false,
    retrySkipped: values["retry-skipped"] ?? false,
    restartOnUnrecoverableErrors: values["restart-on-unrecoverable-errors"] ?? false,
    ...logOptions(values),
    ...shardOptions(values),
    ...(bind ? { bind } : {}),
    ...(status ? { status } : {}),
  };
}
