import process from "node:process";
import type { RunOptions } from "../config/run_options.ts";
import type { Env } from "../core/env.ts";
import type { BellObserver, Observer, SourceObserver } from "../core/observer.ts";
import { observerOf } from "../core/observer_of.ts";
import type { Sink } from "../core/ports.ts";
import { observedSink } from "../status/observed_sink.ts";
import { PAGE_FILES } from "../status/page_files.ts";
import type { ServiceWatcher } from "../status/service_phase.ts";
import { type LifeDescription, StatusBoard } from "../status/status_board.ts";
import { startStatusServer } from "../status/status_server.ts";
import { StatusView } from "../status/status_view.ts";
import { BUILD_INFO } from "./version.ts";

/** Everything that watches the service; it outlives lives of the service in the process. */
export interface Watch extends AsyncDisposable {
  readonly observer: Observer;
  readonly source: SourceObserver & BellObserver | undefined;
  readonly service: ServiceWatcher;
  lifeBegan(life: LifeDescription): void;
  /** The sink as the engine is to use it. */
  watched(sink: Sink): Sink;
}

type ServedOptions = Pick<RunOptions, "bind" | "status">;

/**
 * Begins to watch, and with `--bind` to serve what is seen.
 *
 * @throws SyncError as `startStatusServer` does.
 */
export async function startWatch(
  { bind, status }: ServedOptions,
  env: Env,
  progress: Partial<Observer>,
): Promise<Watch> {
  return bind ? await servedWatch({ bind, ...(status ? { status } : {}) }, env, progress) : {
    observer: observerOf(progress),
    source: undefined,
    service: { servicePhaseChanged: () => undefined },
    lifeBegan: () => undefined,
    watched: (sink) => sink,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function servedWatch(
  options: ServedOptions & { readonly bind: NonNullable<RunOptions["bind"]> },
  { clock, log }: Env,
  progress: Partial<Observer>,
): Promise<Watch> {
  // The package takes its time to load; who serves nothing does without it.
  const { EXPOSITION_TYPE, Metrics } = await import("../status/metrics.ts");
  const { version } = BUILD_INFO;
  const board = new StatusBoard(clock);
  const view = new StatusView(board, clock, version);
  const metrics = new Metrics({ board, view, figures: processFigures, version });
  const server = startStatusServer({
    ...options,
    view,
    metrics: {
      exposition: (detail) => metrics.exposition(detail),
      type: EXPOSITION_TYPE,
    },
    page: PAGE_FILES,
    log,
  });
  return {
    observer: observerOf(progress, board, metrics),
    source: {
      requestEnded: (...request) => metrics.requestEnded(...request),
      throttled: (...throttle) => {
        board.throttled(...throttle);
        metrics.throttled();
      },
      listeningChanged: (...change) => board.listeningChanged(...change),
      reconnected: () => metrics.reconnected(),
    },
    service: board,
    lifeBegan: (life) => board.lifeBegan(life),
    watched: (sink) => observedSink(sink, clock, metrics),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const processFigures = {
  residentBytes: () => Deno.memoryUsage().rss,
  cpuSeconds: () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  },
};
