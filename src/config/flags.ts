import { type CheckOptions, checkOptionsOf } from "./check_options.ts";
import { type Command, COMMANDS, optionsOfCommand } from "./commands.ts";
import type { ReadVariable } from "./environment.ts";
import { helpText } from "./help.ts";
import { suggestion } from "./nearest.ts";
import { isMissingCommand, notInThisVersion } from "./not_in_this_version.ts";
import { missingFeatures, optionConflicts, sinkConflicts } from "./option_conflicts.ts";
import type { OptionValues } from "./options.ts";
import { quoted } from "./printable.ts";
import { problemLine } from "./problem.ts";
import { optionSettings, readOptions } from "./read_options.ts";
import { resyncConflicts, type ResyncOptions, resyncOptionsOf } from "./resync_options.ts";
import { type RunOptions, runOptionsOf } from "./run_options.ts";
import type { Setting } from "./setting.ts";
import type { Shard } from "./shard.ts";
import { shardOptions } from "./shared_options.ts";
import { type StatusOptions, statusOptionsOf } from "./status_options.ts";
import { timestampWarnings } from "./timestamp.ts";
import { type VerifyOptions, verifyOptionsOf } from "./verify_options.ts";

/** What the command line asks for. */
export type CommandLine =
  | { readonly command: "run"; readonly options: RunOptions }
  | { readonly command: "check"; readonly options: CheckOptions }
  | { readonly command: "status"; readonly options: StatusOptions }
  | WithWarnings & { readonly command: "verify"; readonly options: VerifyOptions }
  | WithWarnings & { readonly command: "resync"; readonly options: ResyncOptions }
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
  readonly shard?: Shard;
  /** Options that have a value, as `config show` lists them. */
  readonly settings: readonly Setting[];
  /** What `run` would refuse of these options, one line each. */
  readonly notInThisVersion: readonly string[];
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
  if (isMissingCommand(name)) return refused(notInThisVersion(`The command "${name}"`));
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
  if (name === "config") return 'The command "config" needs a second word: "validate" or "show"';
  return `Unknown command ${quoted(name)}${suggestion(name, [...COMMANDS, "config"])}`;
}

function commandLineOf(command: Command, args: readonly string[], env: ReadVariable): CommandLine {
  const { values, faults } = readOptions(args, optionsOfCommand(command));
  if (faults.length > 0) return refused(...faults);
  if (command === "version" || values.version) return { command: "version" };
  const conflicts = conflictsOf(command, values, env);
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
    case "config validate":
    case "config show":
      return { command, options: configOptionsOf(values, args) };
  }
}

function conflictsOf(command: Command, values: OptionValues, env: ReadVariable): readonly string[] {
  const conflicts = optionConflicts(values, env);
  if (command.startsWith("config ")) return conflicts;
  const own = command === "resync" ? resyncConflicts(values) : [];
  return [...conflicts, ...sinkConflicts(values, env), ...own];
}

function configOptionsOf(values: OptionValues, args: readonly string[]): ConfigOptions {
  const configFile = values.config;
  return {
    ...(configFile === undefined ? {} : { configFile }),
    ...shardOptions(values),
    settings: optionSettings(values, args),
    notInThisVersion: missingFeatures(values),
  };
}

function refused(...lines: readonly string[]): CommandLine {
  return { command: "refused", lines };
}
