import type { AppConfig } from "../config/app_config.ts";
import type { ReadVariable } from "../config/environment.ts";
import { type ConfigOptions, parseCommandLine } from "../config/flags.ts";
import { loadConfig, type LoadedConfig } from "../config/load.ts";
import { problemLine } from "../config/problem.ts";
import { readFile } from "../config/read_file.ts";
import { mailboxesOfShard, type Shard } from "../config/shard.ts";
import {
  type CommandOutput,
  refusalLines,
  renderConfigShow,
  renderConfigValidate,
} from "../config/show.ts";
import type { Console } from "./console.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { resync } from "./resync.ts";
import { run } from "./run.ts";
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
        (config, warnings) => run({ options: line.options, config, warnings }, console),
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
  options: { readonly configFile?: string; readonly shard?: Shard },
  { env, console }: { readonly env: ReadVariable; readonly console: Console },
  action: (config: AppConfig, warnings: readonly string[]) => Promise<ExitCode>,
): Promise<ExitCode> {
  const loaded = await load(options, env);
  if (loaded.kind !== "ready") return refuse(refusalLines(loaded), console);
  const { mailboxes: all } = loaded.config;
  const mailboxes = options.shard ? mailboxesOfShard(all, options.shard) : all;
  return await action({ ...loaded.config, mailboxes }, loaded.warnings.map(problemLine));
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
