import { join } from "node:path";
import { BINARY, configuredAppliance } from "./appliance_config.ts";
import type { BenchScene } from "./bench_scene.ts";
import type { FirstTimes } from "./exchange_process.ts";
import { type Figures, median } from "./figures.ts";
import { measuredRun } from "./measured_process.ts";

const STARTS = 10;
const MB = 1_000_000;

/** The executable from its start to its first request, and its size. */
export async function start(scene: BenchScene): Promise<Figures> {
  const times: number[] = [];
  for (let count = 0; count < STARTS; count++) {
    const { args, env, folder } = await configuredAppliance(scene, "start");
    const { startedMs } = await measuredRun({
      program: BINARY,
      args: [...args, "--local-files-prefix", join(folder, "mail"), "--once"],
      env,
    });
    const { requestMs } = await scene.exchange.call<FirstTimes>("first", startedMs);
    if (requestMs === undefined) throw new Error("The appliance asked for nothing");
    times.push(requestMs - startedMs);
  }
  const { size } = await Deno.stat(BINARY);
  return { coldStartMs: median(times), binaryMb: size / MB };
}
