import type { AppConfig } from "../config/app_config.ts";
import { readDestination } from "../config/destination_config.ts";
import type { DestinationPlace } from "../config/destination_place.ts";
import type { ReadVariable } from "../config/environment.ts";
import { type ConfigOptions, parseCommandLine } from "../config/flags.ts";
import { loadConfig, type LoadedConfig } from "../config/load.ts";
import { noFindings, problemLine } from "../config/problem.ts";
import { readFile } from "../config/read_file.ts";
import { serviceManagerPlace } from "../config/service_manager.ts";
import type { PushOptions } from "../config/push_options.ts";
import { configChoiceOf } from "../config/remote_config.ts";
import { type RemoteConfigAt, remoteConfigText } from "../config/remote_config_options.ts";
import type { RunOptions } from "../config/run_options.ts";
import { mailboxesOfShard, type Shard } from "../config/shard.ts";
import type { InstanceStatusOptions, StatusOptions } from "../config/status_options.ts";
import {
  type CommandOutput,
  refusalLines,
  renderConfigShow,
  renderConfigValidate,
} from "../config/show.ts";
import { check } from "./check/check.ts";
import type { Console } from "./console.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { opensslProblems } from "./exchange_openssl.ts";
import { instanceStatus } from "./instance_status.ts";
import { giveUpLibraries, giveUpPermissions, type PermissionNeeds } from "./least_privilege.ts";
import { exportEmails } from "./export/export_emails.ts";
import { push } from "./push/push.ts";
import { loadRemoteConfig, type UnreadConfig } from "./remote_config/load_remote_config.ts";
import { meantConfig } from "./remote_config/meant_config.ts";
import { readConfigPlace } from "./remote_config/open_config_store.ts";
import { pullConfig } from "./remote_config/pull_config.ts";
import { pushConfig } from "./remote_config/push_config.ts";
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
    case "config show": {
      giveUpLibraries();
      const loaded = await load(line.options, env, console);
      if (loaded.kind === "unread") return loaded.exitCode;
      const render = line.command === "config show" ? renderConfigShow : renderConfigValidate;
      return show(render(loaded, line.options), console);
    }
    case "config pull":
      giveUpLibraries();
      return await pullConfig(line.options, { env, readFile }, console);
    case "config push":
      giveUpLibraries();
      return await pushConfig(line.options, { env, readFile }, console);
    case "push":
      warn(line.warnings, console);
      return await pushStored(line.options, env, console);
    case "export":
      warn(line.warnings, console);
      return await withConfig(
        line.options,
        { env, console },
        (config) => exportEmails(line.options, config, console),
      );
    case "run":
      return await runWithConfig(line.options, env, console);
    case "check":
      return await withConfig(
        line.options,
        { env, console },
        (config, warnings) => check({ options: line.options, config, warnings }, console),
      );
    case "status":
      return await showStatus(line.options, env, console);
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

function remoteOf({ configFile, remoteConfig }: Pick<ConfigPlace, "configFile" | "remoteConfig">) {
  return {
    ...(configFile === undefined ? {} : { configFile }),
    ...(remoteConfig ? { remote: remoteConfig } : {}),
  };
}

async function showStatus(
  options: StatusOptions | InstanceStatusOptions,
  env: ReadVariable,
  console: Console,
): Promise<ExitCode> {
  if ("url" in options) {
    giveUpPermissions({ places: [], writesFiles: false });
    giveUpLibraries();
    return await instanceStatus(options, env, console);
  }
  const action = (config: AppConfig) => status(options, config, console);
  return await withConfig(options, { env, console }, action);
}

async function pushStored(
  options: PushOptions,
  env: ReadVariable,
  console: Console,
): Promise<ExitCode> {
  const findings = noFindings();
  const stored = await readDestination(options.from, { env, readFile }, findings);
  if (!stored || stored.kind === "platform" || findings.problems.length > 0) {
    return refuse(findings.problems.map(problemLine), console);
  }
  const action = (config: AppConfig) => push({ options, config, stored }, console);
  return await withConfig(options, { env, console }, action);
}

/** `run` with a local configuration, or with a remote one where none is named. */
async function runWithConfig(
  options: RunOptions,
  env: ReadVariable,
  console: Console,
): Promise<ExitCode> {
  const choice = configChoiceOf(remoteOf(options), env);
  if (choice.kind === "remote") return await runRemotely(options, choice.at, env, console);
  const serviceManager = serviceManagerPlace(env);
  const ignored = choice.kind === "local" && choice.ignored
    ? [`The local file wins: ${remoteConfigText(choice.ignored)} is not read`]
    : [];
  const place = { ...options, notifies: serviceManager !== undefined };
  return await withConfig(place, { env, console }, (config, warnings, load) => {
    const first = { config, warnings: [...ignored, ...warnings] };
    return run({ options, serviceManager, first, load }, console);
  });
}

/** `run` with a configuration that is kept remotely. */
async function runRemotely(
  options: RunOptions,
  at: RemoteConfigAt,
  env: ReadVariable,
  console: Console,
): Promise<ExitCode> {
  const findings = noFindings();
  const destination = await readDestination(options.destination, { env, readFile }, findings);
  const place = await readConfigPlace(at, { env, readFile });
  const problems = [
    ...findings.problems.map(problemLine),
    ...("problems" in place ? place.problems : []),
  ];
  if (!destination || "problems" in place || problems.length > 0) return refuse(problems, console);
  const serviceManager = serviceManagerPlace(env);
  giveUpPermissions(needsOf({ ...options, notifies: serviceManager !== undefined }));
  const { shard } = options;
  const context = { env, readFile, ...(shard ? { shard } : {}) };
  const remoteSource = { ...at.name, shard: shard ?? { number: 0, total: 1 } };
  const meaningOf = async (bytes: Uint8Array) => {
    const meant = await meantConfig(bytes, remoteConfigText(at), context);
    if ("problems" in meant) return meant;
    const { config, warnings } = meant.config;
    const unusable = opensslProblems(config.exchange.tls);
    if (unusable.length > 0) return { problems: unusable };
    const complete = { ...config, destination, remoteSource };
    return { targets: meant.targets, config: { config: complete, warnings } };
  };
  return await run({ options, serviceManager, remote: { place, meaningOf } }, console);
}

/** Does what a command does with the mailboxes of this shard, if the configuration allows it. */
async function withConfig(
  options: ConfigPlace,
  { env, console }: { readonly env: ReadVariable; readonly console: Console },
  action: (
    config: AppConfig,
    warnings: readonly string[],
    /** Reads the configuration as it is then. */
    again: () => Promise<LoadedAgain>,
  ) => Promise<ExitCode>,
): Promise<ExitCode> {
  giveUpPermissions(needsOf(options));
  const read = () => readConfig(options, env, console);
  const first = await read();
  if ("exitCode" in first) return first.exitCode;
  if ("problems" in first) return refuse(first.problems, console);
  const again = async () => {
    const later = await read();
    return "exitCode" in later ? { problems: [] } : later;
  };
  return await action(first.config.config, first.config.warnings, again);
}

interface ConfigPlace {
  readonly configFile?: string;
  readonly remoteConfig?: RemoteConfigAt;
  readonly destination: DestinationPlace;
  readonly shard?: Shard;
  /** Where `push` reads. */
  readonly from?: DestinationPlace;
  /** Where `export` writes. */
  readonly to?: string;
  /** Whether a service manager is told how the service is. */
  readonly notifies?: boolean;
}

function needsOf({ destination, remoteConfig, from, to, notifies }: ConfigPlace): PermissionNeeds {
  const more = [remoteConfig?.place, from].filter((place) => place !== undefined);
  // To the runtime, sending to a socket with a path is writing to a file.
  return { places: [destination, ...more], writesFiles: to !== undefined || notifies === true };
}

type LoadedAgain = { readonly config: RunConfig } | { readonly problems: readonly string[] };
type ReadConfig = LoadedAgain | { readonly exitCode: ExitCode };

async function readConfig(
  options: ConfigPlace,
  env: ReadVariable,
  console: Console,
): Promise<ReadConfig> {
  const loaded = await load(options, env, console);
  if (loaded.kind === "unread") return loaded;
  const findings = noFindings();
  const destination = await readDestination(options.destination, { env, readFile }, findings);
  const problems = [...refusalLines(loaded), ...findings.problems.map(problemLine)];
  if (loaded.kind !== "ready" || !destination) return { problems: [...new Set(problems)] };
  const { mailboxes: all } = loaded.config;
  const mailboxes = options.shard ? mailboxesOfShard(all, options.shard) : all;
  const unusable = opensslProblems(loaded.config.exchange.tls);
  if (unusable.length > 0) return { problems: unusable };
  const config = { ...loaded.config, mailboxes, destination };
  return { config: { config, warnings: loaded.warnings.map(problemLine) } };
}

function warn(lines: readonly string[], console: Console): void {
  console.complain(lines.map((line) => `reinfer-ews: Warning: ${line}\n`).join(""));
}

async function load(
  options: Pick<ConfigOptions, "configFile" | "remoteConfig">,
  env: ReadVariable,
  console: Console,
): Promise<LoadedConfig | UnreadConfig> {
  const choice = configChoiceOf(remoteOf(options), env);
  if (choice.kind === "remote") {
    return await loadRemoteConfig(choice.at, { env, readFile }, console);
  }
  const { configFile } = options;
  return await loadConfig({ ...(configFile === undefined ? {} : { configFile }), env, readFile });
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
