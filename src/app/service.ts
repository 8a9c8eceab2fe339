import type { AppConfig } from "../config/app_config.ts";
import { placeText } from "../config/destination_place.ts";
import type { RunOptions } from "../config/run_options.ts";
import type { Env } from "../core/env.ts";
import { type SyncError, syncErrorOf } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { addCounts, NO_COUNTS } from "../core/observer.ts";
import { Semaphore } from "../core/semaphore.ts";
import { GRAPH_POLLING } from "../graph/graph_limits.ts";
import type { CredentialGate } from "../http/credential_gate.ts";
import { DestinationGate } from "../sync/destination_gate.ts";
import type { Engine, MailboxReport } from "../sync/engine.ts";
import type { StopController } from "../sync/stop.ts";
import { superviseMailboxes } from "../sync/supervisor.ts";
import { openExchange } from "./connections.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { reachServer } from "./first_contact.ts";
import { openDestination } from "./open_destination.ts";
import { versionLine } from "./version.ts";
import type { Watch } from "./watch.ts";

export interface ServeRequest {
  readonly options: RunOptions;
  readonly config: AppConfig;
}

/** What one life of the service gets from the process and leaves behind for the next one. */
export interface Life {
  readonly env: Env;
  /** Of this life alone. */
  readonly stop: StopController;
  readonly watch: Watch;
  readonly gate: CredentialGate;
  /** See `Engine.startedAnew`. */
  readonly startedAnew: Map<string, Set<string>>;
}

/**
 * One life of the service: everything is opened, mailboxes are synced, everything is let go.
 *
 * @throws SyncError of the failure that ends it; `StopBegun`.
 */
export async function serve({ options, config }: ServeRequest, life: Life): Promise<ExitCode> {
  const { env, stop, watch } = life;
  const { observer, service } = watch;
  const startedMs = env.clock.monotonicMs();
  env.log.info("Starting.", {
    version: versionLine(),
    mailboxes: config.mailboxes.length,
    api: config.exchange.api,
    endpoint: config.exchange.endpoint.origin,
    destination: placeText(options.destination),
    once: options.once,
  });
  watch.lifeBegan({
    mailboxes: config.mailboxes,
    endpoint: config.exchange.endpoint.origin,
    destination: placeText(options.destination),
    signInRefusal: () => refusalOf(life.gate),
  });
  service.servicePhaseChanged({ name: "checking-destination" });
  await using destination = await openDestination(config, env, { waits: options.once });
  const { states } = destination;
  const sink = watch.watched(destination.sink);
  await sink.probe({ signal: stop.begun });
  const [first] = config.mailboxes;
  if (!first) return await runWithoutMailboxes(options, life);
  service.servicePhaseChanged({ name: "signing-in" });
  await using exchange = await openExchange(config, env, {
    gate: life.gate,
    ...(watch.source ? { observer: watch.source } : {}),
  });
  const { source } = exchange;
  await reachServer(source, first, { env, stop, once: options.once, watcher: service });
  service.servicePhaseChanged({ name: "running" });
  const isStreaming = config.notifications === "streaming";
  const bell = isStreaming ? exchange.bell : undefined;
  // Graph tells only public endpoints of what arrives; it is asked more often instead.
  const adaptive = isStreaming && !bell ? GRAPH_POLLING : undefined;
  const engine: Engine & { stop: StopController } = {
    source,
    ...(bell ? { bell } : {}),
    sink,
    states,
    destination: new DestinationGate(sink, env, { stop, observer }),
    heldBytes: new Semaphore(LIMITS.heldMimeBytesTotal),
    backfills: new Semaphore(LIMITS.backfillsInFlight),
    startedAnew: life.startedAnew,
    settings: {
      ...config,
      once: options.once,
      retrySkipped: options.retrySkipped,
      ...(adaptive ? { adaptive } : {}),
    },
    env,
    observer,
    stop,
  };
  return conclude(await superviseMailboxes(engine, config.mailboxes), { env, startedMs, options });
}

/** A shard may have no mailbox; it stays, for a rescale may give it some (spec section 6). */
async function runWithoutMailboxes(
  options: RunOptions,
  { env, stop, watch }: Life,
): Promise<ExitCode> {
  watch.service.servicePhaseChanged({ name: "running" });
  env.log.info("No mailbox belongs to this shard; nothing to do.", {
    shard: options.shard?.number,
    totalShards: options.shard?.total,
  });
  while (!options.once) await env.clock.sleep(LIMITS.credentialHoldMs, { signal: stop.begun });
  return EXIT.done;
}

/** Why the credentials are held back, where they were refused and not merely throttled. */
function refusalOf(gate: CredentialGate): SyncError | undefined {
  try {
    gate.check();
    return undefined;
  } catch (thrown) {
    const error = syncErrorOf(thrown);
    return error.kind === "retryable" ? undefined : error;
  }
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
