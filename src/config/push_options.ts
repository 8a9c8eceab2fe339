import { assert } from "../core/errors.ts";
import type { DestinationPlace } from "./destination_place.ts";
import { optionChoices, OPTIONS, type OptionValues } from "./options.ts";
import { configOptions, type RemoteConfigAt } from "./remote_config_options.ts";
import type { Shard } from "./shard.ts";
import { logOptions, shardOptions } from "./shared_options.ts";

/** Where `run` has stored emails that can be read back: files or blobs. */
export type StoredPlace = Extract<DestinationPlace, { readonly kind: "local" | "azure" }>;

/** The platform, as the place where stored emails are pushed to. */
export type PushTarget = Pick<
  Extract<DestinationPlace, { readonly kind: "platform" }>,
  "kind" | "endpoint" | "privatePrefix"
>;

/** What `push` was told to do. */
export interface PushOptions {
  /** From `--config`; absent: the variable REINFER_EWS_CONFIG says it. */
  readonly configFile?: string;
  /** Used where no local configuration is named. */
  readonly remoteConfig?: RemoteConfigAt;
  /** Where the emails are. */
  readonly from: StoredPlace;
  /** Where they go. */
  readonly destination: PushTarget;
  /** Count and check what is stored; send nothing and keep no progress. */
  readonly dryRun: boolean;
  /** Address in lower case, not checked to be configured; absent: every mailbox of the shard. */
  readonly mailbox?: string;
  /** Only emails received at or after it; absent: all. */
  readonly since?: Date;
  readonly debugLevel: 0 | 1 | 2;
  /** Absent: text on a terminal, JSON lines otherwise. */
  readonly logFormat?: "text" | "json";
  /** Absent: all mailboxes. */
  readonly shard?: Shard;
}

/** Rules of `push` alone, which takes two places; one line for each breach. */
export function pushConflicts(values: OptionValues, token: string | undefined): readonly string[] {
  const lines = [...storedPlaceConflicts(values, "push")];
  if (values["reinfer-api-endpoint"] === undefined) {
    lines.push(`Where to is missing: give ${optionChoices(["reinfer-api-endpoint"])}`);
  } else if (token === undefined) {
    lines.push("--reinfer-api-endpoint needs the variable REINFER_API_TOKEN");
  }
  return lines;
}

/** Rules of the commands that read stored emails back; one line for each breach. */
export function storedPlaceConflicts(
  values: OptionValues,
  command: "push" | "export",
): readonly string[] {
  const { "local-files-prefix": prefix, "private-file-prefix": location } = values;
  if (prefix !== undefined && location) {
    return ["--local-files-prefix excludes --private-file-prefix"];
  }
  if (prefix !== undefined || location) return [];
  return [
    `Nothing names the emails to ${command}: give ` +
    optionChoices(["local-files-prefix", "private-file-prefix"]),
  ];
}

/** The place of stored emails, once no conflict was found. */
export function storedPlaceOf(values: OptionValues): StoredPlace {
  const { "local-files-prefix": prefix, "private-file-prefix": location } = values;
  if (prefix !== undefined) return { kind: "local", prefix };
  assert(location !== undefined, "stored emails have one place");
  return { kind: "azure", location };
}

/** The options of `push`, once no conflict was found. */
export function pushOptionsOf(
  values: OptionValues & { readonly "dry-run"?: true },
): PushOptions {
  const { mailbox, since, "reinfer-api-endpoint": endpoint } = values;
  assert(endpoint !== undefined, "push is told where to");
  const privatePrefix = values["reinfer-api-prefix"] ?? OPTIONS["reinfer-api-prefix"].fallback;
  return {
    ...configOptions(values),
    from: storedPlaceOf(values),
    destination: { kind: "platform", endpoint, privatePrefix },
    dryRun: values["dry-run"] ?? false,
    ...(mailbox === undefined ? {} : { mailbox }),
    ...(since === undefined ? {} : { since: since.instant }),
    ...logOptions(values),
    ...shardOptions(values),
  };
}
