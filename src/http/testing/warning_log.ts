import type { LogFields, Logger } from "../../core/env.ts";

/** A logger that hands on what is worth a warning or worse, and drops the rest. */
export function warningsTo(tell: (msg: string, fields?: LogFields) => unknown): Logger {
  const drop = () => {};
  const log: Logger = {
    error: tell,
    warn: tell,
    info: drop,
    debug: drop,
    trace: drop,
    with: () => log,
  };
  return log;
}

/** A logger for those who do not care. */
export const silentLog: Logger = warningsTo(() => {});
