import { parentPort } from "node:worker_threads";
import { reportOf } from "./seed_report.ts";

parentPort?.on("message", async (seed: number) => {
  parentPort?.postMessage(await reportOf(seed));
});
