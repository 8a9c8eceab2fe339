import { assert } from "../core/errors.ts";
import type { OptionValues } from "./options.ts";
import { type StoredPlace, storedPlaceConflicts, storedPlaceOf } from "./push_options.ts";
import { configOptions, type RemoteConfigAt } from "./remote_config_options.ts";
import type { Shard } from "./shard.ts";
import { logOptions, shardOptions } from "./shared_options.ts";

/** What `export` was told to do. */
export interface ExportOptions {
  /** From `--config`; absent: the variable REINFER_EWS_CONFIG says it. */
  readonly configFile?: string;
  /** Used where no local configuration is named. */
  readonly remoteConfig?: RemoteConfigAt;
  /** Where the emails are: the destination of `run`. */
  readonly destination: StoredPlace;
  /** Folder that the files are written below, as given. */
  readonly to: string;
  /** Replace files that are there. */
  readonly force: boolean;
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

type ExportValues = OptionValues & { readonly to?: string; readonly force?: true };

/** Rules of `export` alone; one line for each breach. */
export function exportConflicts(values: ExportValues): readonly string[] {
  const lines = [...storedPlaceConflicts(values, "export")];
  if (values.to === undefined) lines.push("Where to is missing: give --to DIR");
  return lines;
}

/** The options of `export`, once no conflict was found. */
export function exportOptionsOf(values: ExportValues): ExportOptions {
  const { to, mailbox, since } = values;
  assert(to !== undefined, "export is told where to");
  return {
    ...configOptions(values),
    destination: storedPlaceOf(values),
    to,
    force: values.force ?? false,
    ...(mailbox === undefined ? {} : { mailbox }),
    ...(since === undefined ? {} : { since: since.instant }),
    ...logOptions(values),
    ...shardOptions(values),
  };
}
