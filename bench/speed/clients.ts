import { debianPackages } from "../../scripts/debian_packages.ts";
import { V8_FLAGS } from "../../scripts/v8_flags.ts";
import { type BenchScene, measuredSync } from "./bench_scene.ts";
import type { Figures } from "./figures.ts";
import type { MeasuredCommand } from "./measured_process.ts";

/** A peer cannot be had on this machine. */
export class PeerUnavailable extends Error {
  override readonly name = "PeerUnavailable";
}

const DENO_RUN = ["run", "--quiet", "--cached-only", "--no-check", "--allow-all"] as const;
/** As many as the bare client has connections, and more than exchangelib has by default. */
const PEER_THREADS = 8;
const PYTHON = "/usr/bin/python3";
const PYTHON_PACKAGES = "/usr/lib/python3/dist-packages";

/** The engine without a sink; `options` are more ones of `deno run`. */
export function engineCommand(
  scene: BenchScene,
  options: readonly string[] = [],
): MeasuredCommand {
  return denoCommand("bench/speed/null_engine.ts", scene, [V8_FLAGS, ...options]);
}

export async function engine(scene: BenchScene): Promise<Figures> {
  return await measuredSync(scene, engineCommand(scene));
}

export async function bare(scene: BenchScene): Promise<Figures> {
  return await measuredSync(scene, denoCommand("bench/speed/bare_client.ts", scene));
}

function denoCommand(
  script: string,
  { exchange: { ready: { endpoint, user, password, mailboxes } } }: BenchScene,
  options: readonly string[] = [],
): MeasuredCommand {
  const account = ["--endpoint", endpoint, "--user", user, "--password", password];
  return {
    program: Deno.execPath(),
    args: [...DENO_RUN, ...options, script, ...account, ...mailboxes],
  };
}

/** `patched`: with its reader that takes answers byte by byte replaced. */
export function exchangelib(kind: "plain" | "patched"): (scene: BenchScene) => Promise<Figures> {
  return async (scene) => {
    const packages = await debianPackages(["python3-exchangelib"]);
    if ("unavailable" in packages) throw new PeerUnavailable(packages.unavailable);
    const { endpoint, user, password, mailboxes: [address = ""] } = scene.exchange.ready;
    const ids = await scene.exchange.call<readonly string[]>("ids", address);
    const script = "bench/speed/exchangelib_client.py";
    return await measuredSync(scene, {
      program: await packages.pathOf(PYTHON),
      args: [script, endpoint, user, password, kind, `${PEER_THREADS}`, address],
      env: { PYTHONPATH: await packages.pathOf(PYTHON_PACKAGES) },
      input: `${ids.join("\n")}\n`,
    });
  };
}
