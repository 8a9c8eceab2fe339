import { type CheckOptions, checkOptionsOf } from "./check_options.ts";
import { type Command, COMMANDS, optionsOfCommand } from "./commands.ts";
import type { ReadVariable } from "./environment.ts";
import { helpText } from "./help.ts";
import { suggestion } from "./nearest.ts";
import { optionConflicts, sinkConflicts, tokenVariableOf } from "./option_conflicts.ts";
import { exportConflicts, type ExportOptions, exportOptionsOf } from "./export_options.ts";
import { type PullOptions, pullOptionsOf } from "./pull_options.ts";
import { pushConflicts, type PushOptions, pushOptionsOf } from "./push_options.ts";
import {
  configOptions,
  type ConfigPushOptions,
  configPushOptionsOf,
  type RemoteConfigAt,
  remoteConfigConflicts,
} from "./remote_config_options.ts";
import type { OptionValues } from "./options.ts";
import { quoted } from "./printable.ts";
import { problemLine } from "./problem.ts";
import { optionSettings, readOptions } from "./read_options.ts";
import { resyncConflicts, type ResyncOptions, resyncOptionsOf } from "./resync_options.ts";
import { type RunOptions, runOptionsOf } from "./run_options.ts";
import type { Setting } from "./setting.ts";
import type { Shard } from "./shard.ts";
import { shardOptions } from "./shared_options.ts";
import {
  type InstanceStatusOptions,
  type StatusOptions,
  statusOptionsOf,
} from "./status_options.ts";
import { timestampWarnings } from "./timestamp.ts";
import { type VerifyOptions, verifyOptionsOf } from "./verify_options.ts";

/** What the command line asks for. */
export type CommandLine =
  | { readonly command: "run"; readonly options: RunOptions }
  | { readonly command: "check"; readonly options: CheckOptions }
  | { readonly command: "status"; readonly options: StatusOptions | InstanceStatusOptions }
  | WithWarnings & { readonly command: "verify"; readonly options: VerifyOptions }
  | WithWarnings & { readonly command: "resync"; readonly options: ResyncOptions }
  | WithWarnings & { readonly command: "push"; readonly options: PushOptions }
  | WithWarnings & { readonly command: "export"; readonly options: ExportOptions }
  | { readonly command: "config pull"; readonly options: PullOptions }
  | { readonly command: "config push"; readonly options: ConfigPushOptions }
  | { readonly command: "config validate" | "config show"; readonly options: ConfigOptions }
  | { readonly command: "version" }
  /** To be printed to standard output; exit code 0. */
  | { readonly command: "help"; readonly text: string }
  /** Lines for standard error; exit code 2. */
  | { readonly command: "refused"; readonly lines: readonly string[] };

interface WithWarnings {
  /** What is worth saying of the options, one line each. */
  readonly warnings: readonly string[];
}

/** What the `config` commands were told: the options of `run`, which need not be complete. */
export interface ConfigOptions {
  /** From `--config`; absent: the variable REINFER_EWS_CONFIG says it. */
  readonly configFile?: string;
  /** Used where no local configuration is named. */
  readonly remoteConfig?: RemoteConfigAt;
  readonly shard?: Shard;
  /** Options that have a value, as `config show` lists them. */
  readonly settings: readonly Setting[];
}

/**
 * Reads a command line (spec section 1), without the program's own name. The environment is needed
 * for rules such as "a platform token excludes local files". Never throws.
 */
export function parseCommandLine(argv: readonly string[], env: ReadVariable): CommandLine {
  // Kubernetes manifests pass the program's name as its first argument.
  const args = argv[0] === "reinfer-ews" ? argv.slice(1) : argv;
  const words = commandWordsOf(args);
  const rest = args.slice(words.length);
  const name = words.join(" ");
  if (asksForHelp(rest)) {
    const text = helpText(name);
    if (text !== undefined) return { command: "help", text };
  }
  const command = words.length === 0 ? "run" : COMMANDS.find((command) => command === name);
  return command ? commandLineOf(command, rest, env) : refused(unknownCommand(name));
}

/** The leading words that name the command: none, one, or two after `config`. */
function commandWordsOf(args: readonly string[]): readonly string[] {
  const isWord = (arg: string | undefined) => arg !== undefined && !arg.startsWith("-");
  if (!isWord(args[0])) return [];
  return args.slice(0, args[0] === "config" && isWord(args[1]) ? 2 : 1);
}

function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return args.slice(0, end < 0 ? undefined : end).some((arg) => arg === "--help" || arg === "-h");
}

function unknownCommand(name: string): string {
  if (name === "config") {
    return 'The command "config" needs a second word: "validate", "show", "pull" or "push"';
  }
  return `Unknown command ${quoted(name)}${suggestion(name, [...COMMANDS, "config"])}`;
}

function commandLineOf(command: Command, args: readonly string[], env: ReadVariable): CommandLine {
  const takes = command === "config push" ? 1 : 0;
  const { values, positionals, faults } = readOptions(args, optionsOfCommand(command), takes);
  if (faults.length > 0) return refused(...faults);
  if (command === "version" || values.version) return { command: "version" };
  const conflicts = [...conflictsOf(command, values, env)];
  const [file] = positionals;
  if (command === "config push" && file === undefined) conflicts.push("Which FILE is missing");
  if (conflicts.length > 0) return refused(...conflicts);
  const warnings = timestampWarnings("--since", values.since).map(problemLine);
  switch (command) {
    case "run":
      return { command, options: runOptionsOf(values) };
    case "check":
      return { command, options: checkOptionsOf(values) };
    case "status":
      return { command, options: statusOptionsOf(values) };
    case "verify":
      return { command, options: verifyOptionsOf(values), warnings };
    case "resync":
      return { command, options: resyncOptionsOf(values), warnings };
    case "push":
      return { command, options: pushOptionsOf(values), warnings };
    case "export":
      return { command, options: exportOptionsOf(values), warnings };
    case "config pull":
      return { command, options: pullOptionsOf(values) };
    case "config push":
      return { command, options: configPushOptionsOf(values, file ?? "") };
    case "config validate":
    case "config show":
      return { command, options: configOptionsOf(values, args) };
  }
}

function conflictsOf(command: Command, values: OptionValues, env: ReadVariable): readonly string[] {
  const conflicts = optionConflicts(values, env);
  const token = tokenVariableOf(env);
  if (command === "config pull" || command === "config push") {
    return [...conflicts, ...remoteConfigConflicts(values, token)];
  }
  if (command === "push") return [...conflicts, ...pushConflicts(values, token)];
  if (command === "export") return [...conflicts, ...exportConflicts(values)];
  if (command.startsWith("config ")) return conflicts;
  const own = command === "resync" ? resyncConflicts(values) : [];
  return [...conflicts, ...sinkConflicts(values, env), ...own];
}

function configOptionsOf(values: OptionValues, args: readonly string[]): ConfigOptions {
  return {
    ...configOptions(values),
    ...shardOptions(values),
    settings: optionSettings(values, args),
  };
}

function refused(...lines: readonly string[]): CommandLine {
  return { command: "refused", lines };
}
