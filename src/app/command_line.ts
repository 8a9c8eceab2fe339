import type { ReadVariable } from "../config/environment.ts";
import { type ConfigOptions, parseCommandLine } from "../config/flags.ts";
import { loadConfig, type LoadedConfig } from "../config/load.ts";
import { problemLine } from "../config/problem.ts";
import { readFile } from "../config/read_file.ts";
import type { RunOptions } from "../config/run_options.ts";
import { mailboxesOfShard } from "../config/shard.ts";
import {
  type CommandOutput,
  refusalLines,
  renderConfigShow,
  renderConfigValidate,
} from "../config/show.ts";
import type { Console } from "./console.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { run } from "./run.ts";
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
      return await startRun(line.options, env, console);
  }
}

async function startRun(
  options: RunOptions,
  env: ReadVariable,
  console: Console,
): Promise<ExitCode> {
  const loaded = await load(options, env);
  if (loaded.kind !== "ready") return refuse(refusalLines(loaded), console);
  const { mailboxes: all } = loaded.config;
  const mailboxes = options.shard ? mailboxesOfShard(all, options.shard) : all;
  const warnings = loaded.warnings.map(problemLine);
  return await run({ options, config: { ...loaded.config, mailboxes }, warnings }, console);
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
