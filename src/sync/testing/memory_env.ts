import type { Env, LogFields, Logger } from "../../core/env.ts";
import { VirtualClock } from "../../../tests/simulation/virtual_clock.ts";

export interface LoggedLine {
  readonly level: string;
  readonly msg: string;
  readonly fields: LogFields;
}

/** Virtual time, fixed dice, and a log to look at. */
export function memoryEnv() {
  const clock = new VirtualClock(new Date("2026-01-01T00:00:00Z"));
  const lines: LoggedLine[] = [];
  const at = (level: string) => (msg: string, fields: LogFields = {}) => {
    lines.push({ level, msg, fields });
  };
  const log: Logger = {
    error: at("error"),
    warn: at("warn"),
    info: at("info"),
    debug: at("debug"),
    trace: at("trace"),
    with: () => log,
  };
  const env: Env = { clock, entropy: { next: () => 0.5 }, log };
  return { env, clock, lines };
}
