import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { SeedReport } from "./seed_report.ts";

export interface RunOptions {
  /** Told of each seed as it is done, in any order. */
  readonly onReport: (report: SeedReport) => void;
  /** Begins no other seed once one has failed. */
  readonly failFast: boolean;
}

/** Runs seeds on every processor there is; a seed gives the same wherever it runs. */
export async function runSeeds(
  seeds: readonly number[],
  { onReport, failFast }: RunOptions,
): Promise<void> {
  const waiting = [...seeds];
  const workAll = async () => {
    const worker = new Worker(new URL("./seed_worker.ts", import.meta.url));
    try {
      for (let seed = waiting.shift(); seed !== undefined; seed = waiting.shift()) {
        const report = await reportFrom(worker, seed);
        onReport(report);
        if (failFast && report.violations.length > 0) waiting.length = 0;
      }
    } finally {
      await worker.terminate();
    }
  };
  const workers = Math.min(navigator.hardwareConcurrency, seeds.length);
  await Promise.all(Array.from({ length: workers }, workAll));
}

/** Rejects if the worker fails. */
async function reportFrom(worker: Worker, seed: number): Promise<SeedReport> {
  worker.postMessage(seed);
  const [report] = await once(worker, "message");
  return report;
}
