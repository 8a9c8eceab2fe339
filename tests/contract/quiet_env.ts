import type { Env, LogFields, Logger } from "../../src/core/env.ts";

export interface LoggedLine {
  readonly level: "error" | "warn" | "info" | "debug" | "trace";
  readonly msg: string;
  readonly fields: LogFields;
}

/** An environment whose clock stands still and whose log can be read. */
export function quietEnv(now = new Date("2024-03-01T12:00:00Z")) {
  const lines: LoggedLine[] = [];
  const logger = (bound: LogFields): Logger => {
    const line = (level: LoggedLine["level"]) => (msg: string, fields: LogFields = {}) => {
      lines.push({ level, msg, fields: { ...bound, ...fields } });
    };
    return {
      error: line("error"),
      warn: line("warn"),
      info: line("info"),
      debug: line("debug"),
      trace: line("trace"),
      with: (fields) => logger({ ...bound, ...fields }),
    };
  };
  let dice = 0;
  const env: Env = {
    clock: { now: () => now, monotonicMs: () => 0, sleep: () => Promise.resolve() },
    entropy: { next: () => (dice = (dice + 0.618) % 1) },
    log: logger({}),
  };
  return { env, lines };
}
