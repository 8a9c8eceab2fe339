import type { AppConfig } from "../config/app_config.ts";
import { readDestination } from "../config/destination_config.ts";
import type { DestinationPlace } from "../config/destination_place.ts";
import type { ReadVariable } from "../config/environment.ts";
import { type ConfigOptions, parseCommandLine } from "../config/flags.ts";
import { loadConfig, type LoadedConfig } from "../config/load.ts";
import { noFindings, problemLine } from "../config/problem.ts";
import { readFile } from "../config/read_file.ts";
import { mailboxesOfShard, type Shard } from "../config/shard.ts";
import {
  type CommandOutput,
  refusalLines,
  renderConfigShow,
  renderConfigValidate,
} from "../config/show.ts";
import { check } from "./check/check.ts";
import type { Console } from "./console.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { giveUpPermissions } from "./least_privilege.ts";
import { resync } from "./resync.ts";
import { run, type RunConfig } from "./run.ts";
import { status } from "./status.ts";
import { verify } from "./verify.ts";
import { versionLine } from "./version.ts";

/** Runs what a command line asks for; resolves to the exit code of the process. */
export async function runCommandLine(
  argv: readonly string[],
  env: ReadVariable,
  console: Console,
): Promise<ExitCode> {
  const line = parseCommandLine(argv, env);
  switch (line.command) {
    case "help":
      console.print(line.text);
      return EXIT.done;
    case "version":
      console.print(`${versionLine()}\n`);
      return EXIT.done;
    case "refused":
      return refuse(line.lines, console);
    case "config validate":
      return show(renderConfigValidate(await load(line.options, env), line.options), console);
    case "config show":
      return show(renderConfigShow(await load(line.options, env), line.options), console);
    case "run":
      return await withConfig(
        line.options,
        { env, console },
        (config, warnings, load) =>
          run({ options: line.options, first: { config, warnings }, load }, console),
      );
    case "check":
      return await withConfig(
        line.options,
        { env, console },
        (config, warnings) => check({ options: line.options, config, warnings }, console),
      );
    case "status":
      return await withConfig(
        line.options,
        { env, console },
        (config) => status(line.options, config, console),
      );
    case "verify":
      warn(line.warnings, console);
      return await withConfig(
        line.options,
        { env, console },
        (config) => verify(line.options, config, console),
      );
    case "resync":
      warn(line.warnings, console);
      return await withConfig(
        line.options,
        { env, console },
        (config) => resync(line.options, config, console),
      );
  }
}

/** Does what a command does with the mailboxes of this shard, if the configuration allows it. */
async function withConfig(
  options: ConfigPlace,
  { env, console }: { readonly env: ReadVariable; readonly console: Console },
  action: (
    config: AppConfig,
    warnings: readonly string[],
    /** Reads the configuration as it is then. */
    again: () => Promise<ReadConfig>,
  ) => Promise<ExitCode>,
): Promise<ExitCode> {
  const read = () => readConfig(options, env);
  const first = await read();
  if ("problems" in first) return refuse(first.problems, console);
  giveUpPermissions(first.config.config.destination);
  return await action(first.config.config, first.config.warnings, read);
}

interface ConfigPlace {
  readonly configFile?: string;
  readonly destination: DestinationPlace;
  readonly shard?: Shard;
}

type ReadConfig = { readonly config: RunConfig } | { readonly problems: readonly string[] };

async function readConfig(options: ConfigPlace, env: ReadVariable): Promise<ReadConfig> {
  const loaded = await load(options, env);
  const findings = noFindings();
  const destination = await readDestination(options.destination, { env, readFile }, findings);
  const problems = [...refusalLines(loaded), ...findings.problems.map(problemLine)];
  if (loaded.kind !== "ready" || !destination) return { problems: [...new Set(problems)] };
  const { mailboxes: all } = loaded.config;
  const mailboxes = options.shard ? mailboxesOfShard(all, options.shard) : all;
  const config = { ...loaded.config, mailboxes, destination };
  return { config: { config, warnings: loaded.warnings.map(problemLine) } };
}

function warn(lines: readonly string[], console: Console): void {
  console.complain(lines.map((line) => `reinfer-ews: Warning: ${line}\n`).join(""));
}

function load(
  { configFile }: Pick<ConfigOptions, "configFile">,
  env: ReadVariable,
): Promise<LoadedConfig> {
  return loadConfig({ ...(configFile === undefined ? {} : { configFile }), env, readFile });
}

/** One line for each thing that is wrong with the command line or the configuration. */
function refuse(lines: readonly string[], console: Console): ExitCode {
  console.complain(lines.map((line) => `reinfer-ews: ${line}\n`).join(""));
  return EXIT.usageOrConfig;
}

function show({ stdout, stderr, exitCode }: CommandOutput, console: Console): ExitCode {
  if (stderr) console.complain(stderr);
  if (stdout) console.print(stdout);
  return exitCode;
}
