import type { AppConfig } from "../config/app_config.ts";
import type { RunOptions } from "../config/run_options.ts";
import type { Env } from "../core/env.ts";
import { type SyncError, syncErrorOf } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { addCounts, NO_COUNTS, type Observer } from "../core/observer.ts";
import { Semaphore } from "../core/semaphore.ts";
import { createExchangeSource } from "../ews/exchange_source.ts";
import { systemClock, systemEntropy } from "../runtime/system.ts";
import { createLocalDestination } from "../storage/local_destination.ts";
import { DestinationGate } from "../sync/destination_gate.ts";
import type { Engine, MailboxReport } from "../sync/mailbox_worker.ts";
import { StopBegun, StopController } from "../sync/stop.ts";
import { superviseMailboxes } from "../sync/supervisor.ts";
import type { Console } from "./console.ts";
import { EXIT, type ExitCode, exitCodeOf } from "./exit_code.ts";
import { reachServer } from "./first_contact.ts";
import { createOutput } from "./output.ts";
import { listenToSignals } from "./signals.ts";
import { openTransport } from "./exchange_transport.ts";
import { BUILD_INFO, versionLine } from "./version.ts";

export interface RunRequest {
  readonly options: RunOptions;
  readonly config: AppConfig;
  /** What validation found worth saying; one line each. */
  readonly warnings: readonly string[];
}

/** `reinfer-ews run`: syncs the mailboxes of this shard until stopped, or once. */
export async function run(request: RunRequest, console: Console): Promise<ExitCode> {
  const { options, config } = request;
  const { log, observer, close } = createOutput(console, options, config);
  const env: Env = { clock: systemClock, entropy: systemEntropy, log };
  using stop = new StopController(env.clock);
  using _signals = listenToSignals(stop, log);
  for (const warning of request.warnings) log.warn("Mind the configuration.", { reason: warning });
  try {
    return await sync(request, { env, stop, observer });
  } catch (thrown) {
    if (thrown instanceof StopBegun) return EXIT.done;
    return await endFor(syncErrorOf(thrown), options, { env, stop });
  } finally {
    close();
  }
}

interface Process {
  readonly env: Env;
  readonly stop: StopController;
  readonly observer: Observer;
}

async function sync({ options, config }: RunRequest, process: Process): Promise<ExitCode> {
  const { env, stop, observer } = process;
  const startedMs = env.clock.monotonicMs();
  env.log.info("Starting.", {
    version: versionLine(),
    mailboxes: config.mailboxes.length,
    endpoint: config.exchange.endpoint.origin,
    destination: options.localFilesPrefix,
    once: options.once,
  });
  const { sink, states } = createLocalDestination({
    prefix: options.localFilesPrefix,
    uploads: new Semaphore(Math.max(1, config.maxConcurrentUploads)),
    env,
    programVersion: BUILD_INFO.version,
  });
  await sink.probe({ signal: stop.begun });
  const [first] = config.mailboxes;
  if (!first) return await runWithoutMailboxes(options, process);
  await using transport = await openTransport(config.exchange, env);
  const { endpoint, accessType } = config.exchange;
  const source = createExchangeSource({ transport, endpoint, accessType, env });
  await reachServer(source, first, { env, stop, once: options.once });
  const engine: Engine & { stop: StopController } = {
    source,
    sink,
    states,
    destination: new DestinationGate(sink, env, stop),
    heldBytes: new Semaphore(LIMITS.heldMimeBytesTotal),
    settings: { ...config, once: options.once },
    env,
    observer,
    stop,
  };
  return conclude(await superviseMailboxes(engine, config.mailboxes), { env, startedMs, options });
}

/** A shard may have no mailbox; it stays, for a rescale may give it some (spec section 6). */
async function runWithoutMailboxes(options: RunOptions, { env, stop }: Process): Promise<ExitCode> {
  env.log.info("No mailbox belongs to this shard; nothing to do.", {
    shard: options.shard?.number,
    totalShards: options.shard?.total,
  });
  while (!options.once) await env.clock.sleep(LIMITS.credentialHoldMs, { signal: stop.begun });
  return EXIT.done;
}

/** Says what came of it all, and what the exit code says of it. */
function conclude(
  reports: readonly MailboxReport[],
  { env, startedMs, options }: {
    readonly env: Env;
    readonly startedMs: number;
    readonly options: RunOptions;
  },
): ExitCode {
  const counts = reports.map((report) => report.counts).reduce(addCounts, NO_COUNTS);
  const failed = reports.filter((report) => report.failed).map(({ mailbox }) => mailbox.address);
  const tookMs = Math.round(env.clock.monotonicMs() - startedMs);
  env.log.info(options.once ? "Sync finished." : "Stopped.", {
    mailboxes: reports.length,
    ...(failed.length > 0 ? { failed } : {}),
    ...counts,
    tookMs,
    emailsPerSecond: Math.round(counts.delivered * 1_000 / Math.max(1, tookMs)),
  });
  return options.once && (failed.length > 0 || counts.skipped > 0)
    ? EXIT.finishedWithFailures
    : EXIT.done;
}

/**
 * The failure that ends the process, said once. A supervisor restarts the process, and Active
 * Directory locks accounts: so after refused credentials it stays a while before it ends.
 */
async function endFor(
  error: SyncError,
  options: RunOptions,
  { env, stop }: Pick<Process, "env" | "stop">,
): Promise<ExitCode> {
  const code = exitCodeOf(error);
  const holds = code === EXIT.credentialsOrPermission && !options.once;
  env.log.error("Cannot go on.", {
    mailbox: error.context.mailbox,
    code: error.code,
    reason: error.message,
    hint: error.hint,
    exitCode: code,
    ...(holds ? { endsInMs: LIMITS.credentialHoldMs } : {}),
  });
  if (!holds) return code;
  try {
    await env.clock.sleep(LIMITS.credentialHoldMs, { signal: stop.begun });
  } catch {
    return EXIT.done; // stopped by an operator meanwhile
  }
  return code;
}
