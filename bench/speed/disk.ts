import { join } from "node:path";
import { localFolder } from "./appliance.ts";
import { type BenchScene, freshFolder } from "./bench_scene.ts";
import type { Figures } from "./figures.ts";
import { measuredRun } from "./measured_process.ts";

const MB = 1_000_000;

/** A bare loop that writes the very files that `local` has just written, with and without fsync. */
export function disk(kind: "synced" | "unsynced"): (scene: BenchScene) => Promise<Figures> {
  return async (scene) => {
    const from = join(localFolder(scene), "mail", "data");
    const to = await freshFolder(scene, "disk");
    const { last, usage } = await measuredRun({
      program: Deno.execPath(),
      args: ["run", "--quiet", "--no-check", "--allow-all", "bench/speed/disk_loop.ts"]
        .concat([from, to, kind]),
    });
    const { delivered, tookMs } = last;
    return {
      emailsPerS: delivered / tookMs * 1_000,
      mbPerS: scene.exchange.ready.bytes / MB / tookMs * 1_000,
      cpuPer1000: usage.cpuSeconds / delivered * 1_000,
    };
  };
}
