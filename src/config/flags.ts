import type { ReadVariable } from "./environment.ts";
import { helpText } from "./help.ts";
import { suggestion } from "./nearest.ts";
import { isMissingCommand, notInThisVersion } from "./not_in_this_version.ts";
import { OPTION_NAMES, type OptionValues } from "./options.ts";
import { quoted } from "./printable.ts";
import { optionSettings, readOptions } from "./read_options.ts";
import {
  missingFeatures,
  optionConflicts,
  runConflicts,
  type RunOptions,
  runOptionsOf,
  shardOption,
} from "./run_options.ts";
import type { Setting } from "./setting.ts";
import type { Shard } from "./shard.ts";

/** What the command line asks for. */
export type CommandLine =
  | { readonly command: "run"; readonly options: RunOptions }
  | { readonly command: "config validate" | "config show"; readonly options: ConfigOptions }
  | { readonly command: "version" }
  /** To be printed to standard output; exit code 0. */
  | { readonly command: "help"; readonly text: string }
  /** Lines for standard error; exit code 2. */
  | { readonly command: "refused"; readonly lines: readonly string[] };

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

const COMMANDS = ["run", "config validate", "config show", "version"] as const;
type Command = (typeof COMMANDS)[number];

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
  const known = command === "version" ? (["help"] as const) : OPTION_NAMES;
  const { values, faults } = readOptions(args, known);
  if (faults.length > 0) return refused(...faults);
  if (command === "version" || values.version) return { command: "version" };
  const conflicts = optionConflicts(values, env);
  if (command === "run") return runOf(values, [...conflicts, ...runConflicts(values, env)]);
  if (conflicts.length > 0) return refused(...conflicts);
  return { command, options: configOptionsOf(values, args) };
}

function runOf(values: OptionValues, conflicts: readonly string[]): CommandLine {
  if (conflicts.length > 0) return refused(...conflicts);
  return { command: "run", options: runOptionsOf(values) };
}

function configOptionsOf(values: OptionValues, args: readonly string[]): ConfigOptions {
  const configFile = values.config;
  const shard = shardOption(values);
  return {
    ...(configFile === undefined ? {} : { configFile }),
    ...(shard === undefined ? {} : { shard }),
    settings: optionSettings(values, args),
    notInThisVersion: missingFeatures(values),
  };
}

function refused(...lines: readonly string[]): CommandLine {
  return { command: "refused", lines };
}
