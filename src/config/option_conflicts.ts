import { type ReadVariable, variableOf } from "./environment.ts";
import { optionChoices, type OptionName, type OptionValues } from "./options.ts";
import { shardOption } from "./shared_options.ts";
import { secureUrlOf } from "./web_url.ts";

const SINK_OPTIONS = [
  "local-files-prefix",
  "private-file-prefix",
  "reinfer-api-endpoint",
] as const satisfies readonly OptionName[];

/** Rules between options that hold for every command that takes them; one line for each breach. */
export function optionConflicts(values: OptionValues, env: ReadVariable): readonly string[] {
  return [
    ...together(values, "shard-name", "total-shards"),
    ...together(values, "remote-config-owner", "remote-config-key"),
    ...shardOutOfRange(values),
    ...badBlobEndpoint(env),
    ...stateDirElsewhere(values),
    ...statusOfNothing(values),
  ];
}

/**
 * Rules of the commands that work on a destination (spec section 1): exactly one sink must result. A
 * running instance, named by `--url`, stands in for it.
 */
export function sinkConflicts(values: OptionValues, env: ReadVariable): readonly string[] {
  return values.url === undefined ? sinkLines(values, env) : sinksBesideInstance(values);
}

/** An instance has its destination. */
function sinksBesideInstance(values: OptionValues): readonly string[] {
  const sinks = SINK_OPTIONS.filter((option) => values[option] !== undefined);
  return sinks.map((option) => `--url excludes --${option}`);
}

function together(values: OptionValues, one: OptionName, other: OptionName): string[] {
  if ((values[one] === undefined) === (values[other] === undefined)) return [];
  const [given, absent] = values[one] === undefined ? [other, one] : [one, other];
  return [`--${given} needs --${absent} as well`];
}

function shardOutOfRange(values: OptionValues): string[] {
  const shard = shardOption(values);
  if (!shard || shard.number < shard.total) return [];
  return [
    `--shard-name ends in ${shard.number}, but with --total-shards ${shard.total} ` +
    `shards are numbered from 0 to ${shard.total - 1}`,
  ];
}

/** Files and blobs keep full state themselves; the platform alone cannot (spec section 5, rule 5). */
function stateDirElsewhere(values: OptionValues): string[] {
  const isPlatform = values["reinfer-api-endpoint"] && !values["private-file-prefix"];
  if (values["state-dir"] === undefined || isPlatform) return [];
  return ["--state-dir is only for emails that go to the platform (--reinfer-api-endpoint)"];
}

/** What is not served cannot be shown more or less of. */
function statusOfNothing({ status, bind }: OptionValues): string[] {
  return status === undefined || bind ? [] : ["--status needs --bind as well"];
}

function badBlobEndpoint(env: ReadVariable): string[] {
  const endpoint = variableOf(env, "REINFER_EWS_AZURE_BLOB_ENDPOINT");
  if (endpoint === undefined || secureUrlOf(endpoint)) return [];
  // Not shown: a connection string with an account key may have ended up in it.
  return ["REINFER_EWS_AZURE_BLOB_ENDPOINT: must be an https URL (http only to this machine)"];
}

function sinkLines(values: OptionValues, env: ReadVariable): string[] {
  const sinks = SINK_OPTIONS.filter((option) => values[option] !== undefined);
  if (sinks.length === 0) {
    return [`No destination is named: give ${optionChoices(SINK_OPTIONS)}`];
  }
  const token = tokenVariableOf(env);
  const lines: string[] = [];
  if (values["local-files-prefix"] !== undefined) {
    const others = sinks.slice(1).map((option) => `--${option}`);
    if (token !== undefined && token !== "REINFER_TOKEN") others.push(token);
    for (const other of others) lines.push(`--local-files-prefix excludes ${other}`);
  }
  if (values["reinfer-api-endpoint"] && token === undefined) {
    lines.push("--reinfer-api-endpoint needs the variable REINFER_API_TOKEN");
  }
  return lines;
}

/** Which variable the platform token would be taken from. */
export function tokenVariableOf(env: ReadVariable): string | undefined {
  return ["REINFER_API_TOKEN", "REINFER_API_TOKEN_FILE", "REINFER_TOKEN"]
    .find((name) => variableOf(env, name) !== undefined);
}
