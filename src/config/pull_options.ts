import { assert } from "../core/errors.ts";
import type { OptionValues } from "./options.ts";
import { type RemoteConfigAt, remoteConfigOf } from "./remote_config_options.ts";

/** What `config pull` was told to do. */
export interface PullOptions {
  readonly from: RemoteConfigAt;
  /** File to write, replacing what is there; absent: standard output. */
  readonly to?: string;
}

/** The options of `config pull`, once no conflict was found. */
export function pullOptionsOf(values: OptionValues & { readonly to?: string }): PullOptions {
  const from = remoteConfigOf(values);
  assert(from !== undefined, "config pull is told where from");
  return { from, ...(values.to === undefined ? {} : { to: values.to }) };
}
