import { join } from "node:path";
import { systemClock } from "../../src/runtime/system.ts";
import { filesBelow } from "../../tests/files_below.ts";
import { BINARY, configuredAppliance } from "./appliance_config.ts";
import type { BenchScene, ServerTotals } from "./bench_scene.ts";
import type { FirstTimes } from "./exchange_process.ts";
import type { Figures } from "./figures.ts";
import { RECEIVED_FROM_MS } from "./filled_mailboxes.ts";
import { MeasuredProcess } from "./measured_process.ts";
import type { ProcessUsage } from "./process_usage.ts";

/** The newest emails, which are wanted: to list a large folder is measured, not to fetch it. */
const WANTED_EMAILS = 5_000;
/** Pages of 512 ids by which a first token is had: the first kill is in the middle of them. */
const PAGE_IDS = 512;
const LOOK_EVERY_MS = 50;

/**
 * The executable into local files, killed in the middle of its way to the first token and once more
 * in the middle of what it delivers.
 */
export async function killed(scene: BenchScene): Promise<Figures> {
  const { emails } = scene.server;
  const from = new Date(RECEIVED_FROM_MS + (emails - WANTED_EMAILS) * 1_000);
  const { args, env, folder } = await configuredAppliance(scene, "killed", {
    start_timestamp: from.toISOString(),
  });
  const command = {
    program: BINARY,
    args: [...args, "--local-files-prefix", join(folder, "mail"), "--once"],
    env,
  };
  const startedMs = Date.now();
  const pages = emails / PAGE_IDS;
  const ends = [
    ({ requestsByOperation: { SyncFolderItems = 0 } }: ServerTotals) => SyncFolderItems > pages / 2,
    ({ mimeServed }: ServerTotals) => mimeServed > WANTED_EMAILS / 2,
    () => false,
  ];
  const lives: Life[] = [];
  for (const isEnd of ends) lives.push(await life(scene, new MeasuredProcess(command), isEnd));
  const stored = (await filesBelow(join(folder, "mail", "data")))
    .filter((path) => path.endsWith(".eml"));
  if (stored.length !== WANTED_EMAILS || lives.at(-1)?.code !== 0) {
    throw new Error(`${stored.length} emails of ${WANTED_EMAILS} are stored`);
  }
  const { requests, mimeServed } = await scene.exchange.call<ServerTotals>("totals");
  const { contentMs = startedMs } = await scene.exchange.call<FirstTimes>("first", startedMs);
  return {
    cpuS: lives.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0),
    peakMib: Math.max(...lives.map(({ peakMib }) => peakMib)),
    requestsPer1000: requests / WANTED_EMAILS * 1_000,
    firstMs: contentMs - startedMs,
    fetchedAgain: mimeServed - WANTED_EMAILS,
  };
}

/** What a process took until it ended, or was killed. */
interface Life extends ProcessUsage {
  readonly code: number;
}

async function life(
  { exchange }: BenchScene,
  process: MeasuredProcess,
  isEnd: (totals: ServerTotals) => boolean,
): Promise<Life> {
  await using running = process;
  const over = new AbortController();
  const ended = running.ended.finally(() => over.abort());
  while (!over.signal.aborted && !isEnd(await exchange.call<ServerTotals>("totals"))) {
    await systemClock.sleep(LOOK_EVERY_MS, { signal: over.signal }).catch(() => undefined);
  }
  running.kill("SIGKILL");
  const { code } = await ended;
  return { ...running.usage, code };
}
