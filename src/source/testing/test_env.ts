import { VirtualClock } from "../../../tests/simulation/virtual_clock.ts";
import type { Env, LogFields, Logger } from "../../core/env.ts";

export interface TestEnv extends Env {
  readonly clock: VirtualClock;
  /** Every line logged: level, message and fields. */
  readonly lines: readonly (readonly [string, string, LogFields])[];
}

/** Virtual time, dice that always show `dice`, and a log to look into. */
export function testEnv(dice = 0): TestEnv {
  const lines: [string, string, LogFields][] = [];
  return {
    clock: new VirtualClock(new Date("2026-01-01T00:00:00Z")),
    entropy: { next: () => dice },
    log: loggerInto(lines, {}),
    lines,
  };
}

function loggerInto(lines: [string, string, LogFields][], common: LogFields): Logger {
  const write = (level: string) => (msg: string, fields: LogFields = {}) => {
    lines.push([level, msg, { ...common, ...fields }]);
  };
  return {
    error: write("error"),
    warn: write("warn"),
    info: write("info"),
    debug: write("debug"),
    trace: write("trace"),
    with: (fields) => loggerInto(lines, { ...common, ...fields }),
  };
}

/** A signal that nobody aborts. */
export const NO_ABORT = { signal: new AbortController().signal };
