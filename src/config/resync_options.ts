import { assert } from "../core/errors.ts";
import type { DestinationPlace } from "./destination_place.ts";
import { OPTIONS, type OptionValues } from "./options.ts";
import type { RemoteConfigAt } from "./remote_config_options.ts";
import { logOptions, placeOptions } from "./shared_options.ts";

/** What `resync` was told to do. Only what this version can do: it refuses the rest. */
export interface ResyncOptions {
  /** From `--config`; absent: the variable REINFER_EWS_CONFIG says it. */
  readonly configFile?: string;
  /** Used where no local configuration is named. */
  readonly remoteConfig?: RemoteConfigAt;
  readonly destination: DestinationPlace;
  /** Address in lower case, not checked to be configured. */
  readonly mailbox: string;
  /** Names from the top-level folder down, for it and all below it; absent: every folder. */
  readonly folder?: readonly string[];
  /** Only what was received at or after it is listed again; absent: all. */
  readonly since?: Date;
  readonly debugLevel: 0 | 1 | 2;
  /** Absent: text on a terminal, JSON lines otherwise. */
  readonly logFormat?: "text" | "json";
}

/** Rules of `resync` alone; one line for each breach. */
export function resyncConflicts({ mailbox }: OptionValues): readonly string[] {
  if (mailbox !== undefined) return [];
  return [`Which mailbox is missing: give --mailbox ${OPTIONS.mailbox.placeholder}`];
}

/** The options of `resync`, once no conflict was found. */
export function resyncOptionsOf(values: OptionValues): ResyncOptions {
  const { mailbox, folder, since } = values;
  assert(mailbox !== undefined, "resync is told its mailbox");
  return {
    ...placeOptions(values),
    mailbox,
    ...(folder === undefined ? {} : { folder }),
    ...(since === undefined ? {} : { since: since.instant }),
    ...logOptions(values),
  };
}
