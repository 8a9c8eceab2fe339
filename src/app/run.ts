import type { AppConfig } from "../config/app_config.ts";
import { configFingerprint } from "../config/config_fingerprint.ts";
import type { RunOptions } from "../config/run_options.ts";
import type { ServiceManagerPlace } from "../config/service_manager.ts";
import type { Env, LogFields } from "../core/env.ts";
import { type SyncError, syncErrorOf } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { ServiceNotifier } from "../runtime/service_notifier.ts";
import { systemClock, systemEntropy } from "../runtime/system.ts";
import { type Stop, StopBegun, StopController } from "../sync/stop.ts";
import type { Console } from "./console.ts";
import { CredentialGates } from "./credential_gates.ts";
import { EXIT, type ExitCode, exitCodeOf } from "./exit_code.ts";
import { createOutput } from "./output.ts";
import { reloading, type ReloadSource } from "./reloading.ts";
import type { MeantConfig } from "./remote_config/meant_config.ts";
import { type ConfigPlace, openConfigStore } from "./remote_config/open_config_store.ts";
import { watchRemoteConfig } from "./remote_config/remote_config_watch.ts";
import { restarting } from "./restarting.ts";
import { serve } from "./service.ts";
import { listenToSignals, onHangUp } from "./signals.ts";
import { startWatch, type Watch } from "./watch.ts";

/** A configuration `run` can start with, and what validation found worth saying, one line each. */
export interface RunConfig {
  readonly config: AppConfig;
  readonly warnings: readonly string[];
}

export type RunRequest =
  & {
    readonly options: RunOptions;
    /** Who started us and wants to hear from us; undefined: nobody. */
    readonly serviceManager: ServiceManagerPlace | undefined;
  }
  & (Pick<ReloadSource<RunConfig>, "first" | "load"> | { readonly remote: RemoteConfiguration });

/** A configuration that is kept remotely. */
export interface RemoteConfiguration {
  readonly place: ConfigPlace;
  readonly meaningOf: (bytes: Uint8Array) => Promise<MeantConfig<RunConfig>>;
}

/** `reinfer-ews run`: syncs the mailboxes of this shard until stopped, or once. */
export async function run(request: RunRequest, console: Console): Promise<ExitCode> {
  const { options } = request;
  const { log, observer: progress, hideSecretsOf, close } = createOutput(console, options);
  const env: Env = { clock: systemClock, entropy: systemEntropy, log };
  using stop = new StopController(env.clock);
  using _signals = listenToSignals(stop, log);
  using hangUps = new HangUps();
  try {
    await using watch = await startWatch(options, env, progress);
    using _notifier = await notify(request, env, stop);
    stop.begun.addEventListener(
      "abort",
      () => watch.service.servicePhaseChanged({ name: "stopping" }),
    );
    try {
      return await live(request, { env, stop, watch, hangUps, hideSecretsOf });
    } catch (thrown) {
      if (thrown instanceof StopBegun) return EXIT.done;
      return await endFor(syncErrorOf(thrown), options, { env, stop, watch });
    }
  } catch (thrown) {
    return sayWhyItEnds(syncErrorOf(thrown), env);
  } finally {
    close();
  }
}

interface RunContext {
  readonly env: Env;
  readonly stop: StopController;
  readonly watch: Watch;
  readonly hangUps: HangUps;
  readonly hideSecretsOf: (config: AppConfig) => void;
}

/** One life after another, as configuration, failures and options ask for. */
async function live(request: RunRequest, context: RunContext): Promise<ExitCode> {
  const { options } = request;
  const { env, stop, watch, hangUps, hideSecretsOf } = context;
  // What must outlive a restart: `start_from: config` begins anew once per process.
  const gates = new CredentialGates(env.clock);
  const startedAnew = new Map<string, Set<string>>();
  const restarts = options.restartOnUnrecoverableErrors && !options.once;
  const liveWith = async ({ config, warnings }: RunConfig, stop: StopController) => {
    hideSecretsOf(config);
    for (const reason of warnings) env.log.warn("Mind the configuration.", { reason });
    const gate = gates.gateFor(config.exchange.auth);
    const life = (stop: StopController) =>
      serve({ options, config }, { env, stop, watch, gate, startedAnew });
    return restarts
      ? await restarting(life, { env, stop, watcher: watch.service })
      : await life(stop);
  };
  if (!("remote" in request)) {
    const source = { ...request, isSame, onRequest: hangUps.listen };
    return await reloading(liveWith, source, { env, stop });
  }
  const { place, meaningOf } = request.remote;
  await using store = await openConfigStore(place, env);
  const watched = { store, meaningOf, onHangUp: hangUps.listen, env, stop };
  const remote = await watchRemoteConfig(watched, options);
  if ("problems" in remote) {
    for (const reason of remote.problems) {
      env.log.error("The configuration is invalid.", { reason });
    }
    return EXIT.usageOrConfig;
  }
  const { first, load, onRequest } = remote;
  return await reloading(liveWith, { first, load, onRequest, isSame }, { env, stop });
}

/**
 * Says that the service is up, whether or not its servers are: a service that waits for Exchange is
 * not to be started anew. Later it says that it stops.
 */
async function notify(
  { serviceManager }: RunRequest,
  env: Env,
  stop: Stop,
): Promise<Disposable | undefined> {
  if (!serviceManager) return undefined;
  const notifier = new ServiceNotifier(serviceManager, env);
  stop.begun.addEventListener("abort", () => void notifier.stopping(), { once: true });
  await notifier.ready();
  return notifier;
}

function isSame(a: RunConfig, b: RunConfig): boolean {
  return configFingerprint(a.config) === configFingerprint(b.config);
}

/** SIGHUP for as long as the process runs, also between two lives: it must not end it. */
class HangUps implements Disposable {
  readonly #listeners = new Set<() => void>();
  readonly #signal = onHangUp(() => {
    for (const listener of this.#listeners) listener();
  });

  readonly listen = (listener: () => void): Disposable => {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  };

  [Symbol.dispose](): void {
    this.#signal[Symbol.dispose]();
  }
}

/**
 * The failure that ends the process, said once. A supervisor restarts the process, and Active
 * Directory locks accounts: so after refused credentials it stays a while before it ends.
 */
async function endFor(
  error: SyncError,
  options: RunOptions,
  { env, stop, watch }: Pick<RunContext, "env" | "watch"> & { readonly stop: Stop },
): Promise<ExitCode> {
  const holds = exitCodeOf(error) === EXIT.credentialsOrPermission && !options.once;
  if (!holds) return sayWhyItEnds(error, env);
  const endsInMs = LIMITS.credentialHoldMs;
  const code = sayWhyItEnds(error, env, { endsInMs });
  watch.service.servicePhaseChanged({ name: "ending", error, delayMs: endsInMs });
  try {
    await env.clock.sleep(endsInMs, { signal: stop.begun });
  } catch {
    return EXIT.done; // stopped by an operator meanwhile
  }
  return code;
}

function sayWhyItEnds(error: SyncError, { log }: Env, fields: LogFields = {}): ExitCode {
  const exitCode = exitCodeOf(error);
  log.error("Cannot go on.", {
    mailbox: error.context.mailbox,
    code: error.code,
    reason: error.message,
    hint: error.hint,
    exitCode,
    ...fields,
  });
  return exitCode;
}
