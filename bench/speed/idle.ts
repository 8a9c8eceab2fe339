import { join } from "node:path";
import { systemClock } from "../../src/runtime/system.ts";
import { BINARY, configuredAppliance } from "./appliance_config.ts";
import type { BenchScene, ServerTotals } from "./bench_scene.ts";
import type { Figures } from "./figures.ts";
import { MeasuredProcess } from "./measured_process.ts";

const ROUND_MS = 15_000;
/** Every folder of every mailbox has had its first pass long before. */
const WARM_UP_ROUNDS_MAX = 20;
const MEASURED_ROUNDS = 4;
/** Rounds are spread over their time, so two of them differ by some mailboxes. */
const TOLERANCE = 0.1;

/** The executable when nothing is new: share of a processor over some rounds, and its memory. */
export async function idle(scene: BenchScene): Promise<Figures> {
  const folder = join(scene.folder, "idle");
  const { args, env } = await configuredAppliance(scene, folder);
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

/** Resolves once a round asks as often as the one before. */
async function settled({ exchange }: BenchScene): Promise<void> {
  let [requests, lastRound] = [0, Infinity];
  for (let round = 0; round < WARM_UP_ROUNDS_MAX; round++) {
    await pause(ROUND_MS);
    const { requests: now } = await exchange.call<ServerTotals>("totals");
    const thisRound = now - requests;
    if (thisRound > 0 && Math.abs(thisRound / lastRound - 1) < TOLERANCE) return;
    [requests, lastRound] = [now, thisRound];
  }
  throw new Error("The appliance does not come to rest");
}

async function pause(ms: number): Promise<void> {
  await systemClock.sleep(ms, { signal: new AbortController().signal });
}
