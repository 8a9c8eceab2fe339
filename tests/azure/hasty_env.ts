import type { Env } from "../../src/core/env.ts";
import { systemEntropy } from "../../src/runtime/system.ts";
import { quietEnv } from "../contract/quiet_env.ts";
import { HastyClock } from "./hasty_clock.ts";

/** The machine's own environment, but for pauses between attempts, and with a log to read. */
export function hastyEnv() {
  const { env: { log }, lines } = quietEnv();
  const env: Env = { clock: new HastyClock(), entropy: systemEntropy, log };
  return { env, lines };
}
