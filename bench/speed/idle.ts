import { join } from "node:path";
import { systemClock } from "../../src/runtime/system.ts";
import { BINARY, configuredAppliance } from "./appliance_config.ts";
import type { BenchScene, ServerTotals } from "./bench_scene.ts";
import type { Figures } from "./figures.ts";
import { MeasuredProcess } from "./measured_process.ts";

const ROUND_MS = 15_000;
/** Every folder of every mailbox has had its first pass long before, on any machine. */
const WARM_UP_ROUNDS_MAX = 20;
const MEASURED_ROUNDS = 4;

/** The executable when nothing is new: share of a processor over some rounds, and its memory. */
export async function idle(scene: BenchScene): Promise<Figures> {
  const { args, env, folder } = await configuredAppliance(scene, "idle");
  await using running = new MeasuredProcess({
    program: BINARY,
    args: [...args, "--local-files-prefix", join(folder, "mail")],
    env,
  });
  await settled(scene);
  const before = await running.look();
  const startedMs = performance.now();
  await pause(MEASURED_ROUNDS * ROUND_MS);
  const after = await running.look();
  const tookS = (performance.now() - startedMs) / 1_000;
  return {
    idleCpu: (after.cpuSeconds - before.cpuSeconds) / tookS,
    peakMib: after.peakMib,
  };
}

/**
 * Resolves once a round has asked no folder for anything: each has had its first pass, and its last
 * change lies back far enough to be told from the next.
 */
async function settled({ exchange }: BenchScene): Promise<void> {
  let before = 0;
  for (let round = 0; round < WARM_UP_ROUNDS_MAX; round++) {
    await pause(ROUND_MS);
    const { requestsByOperation } = await exchange.call<ServerTotals>("totals");
    const { FindItem = 0, SyncFolderItems = 0 } = requestsByOperation;
    const asked = FindItem + SyncFolderItems;
    if (asked > 0 && asked === before) return;
    before = asked;
  }
  throw new Error("The appliance does not come to rest");
}

async function pause(ms: number): Promise<void> {
  await systemClock.sleep(ms, { signal: new AbortController().signal });
}
