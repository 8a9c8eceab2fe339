import * as esbuild from "esbuild";
import { EXPOSITION_TYPE, Metrics } from "../../src/status/metrics.ts";
import type { StatusOption } from "../../src/status/detail.ts";
import type { PageFiles } from "../../src/status/page_files.ts";
import type { StatusBoard } from "../../src/status/status_board.ts";
import { startStatusServer } from "../../src/status/status_server.ts";
import { StatusView } from "../../src/status/status_view.ts";
import { bundlePage } from "../../scripts/page_bundle.ts";
import { quietEnv } from "../contract/quiet_env.ts";
import { sampleBoard, type SampleOptions } from "./sample_board.ts";
import type { ShiftedTime } from "./shifted_time.ts";

/** A status server without a service: what it shows is put onto its board. */
export interface FedInstance extends AsyncDisposable {
  readonly url: URL;
  readonly board: StatusBoard;
  readonly time: ShiftedTime;
  readonly view: StatusView;
}

export interface FedOptions extends SampleOptions {
  readonly status?: StatusOption;
  /** Port 0: any free one. */
  readonly port?: number;
}

let page: Promise<PageFiles> | undefined;

/** The page as it is in the sources. */
export function pageOfSources(): Promise<PageFiles> {
  page ??= bundlePage().finally(() => esbuild.stop());
  return page;
}

export async function startFedInstance(options: FedOptions): Promise<FedInstance> {
  const { status, port = 0 } = options;
  const { board, time } = sampleBoard(options);
  const view = new StatusView(board, time, "1.0.0");
  const figures = { residentBytes: () => 90e6, cpuSeconds: () => 12.5 };
  const metrics = new Metrics({ board, view, figures, version: "1.0.0" });
  const { env } = quietEnv();
  const server = startStatusServer({
    bind: { host: "127.0.0.1", port },
    ...(status ? { status } : {}),
    view,
    metrics: { exposition: (detail) => metrics.exposition(detail), type: EXPOSITION_TYPE },
    page: await pageOfSources(),
    log: env.log,
  });
  return {
    url: server.url,
    board,
    time,
    view,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
