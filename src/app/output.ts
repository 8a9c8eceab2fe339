import type { AppConfig } from "../config/app_config.ts";
import { secretsOf } from "../config/config_secrets.ts";
import type { RunOptions } from "../config/run_options.ts";
import type { Logger } from "../core/env.ts";
import type { Observer } from "../core/observer.ts";
import { createLogger } from "../runtime/logger.ts";
import { systemClock } from "../runtime/system.ts";
import { TerminalProgress } from "../runtime/terminal_progress.ts";
import type { Console } from "./console.ts";

export interface Output {
  readonly log: Logger;
  /** What is drawn on a terminal; elsewhere nothing. */
  readonly observer: Partial<Observer>;
  /** What this configuration holds of secrets is cut out of every line from now on. */
  hideSecretsOf(config: AppConfig): void;
  /** Takes the progress off the terminal; the log goes on. */
  close(): void;
}

/** Where `run` says what it does: text and live progress on a terminal, else JSON lines. */
export function createOutput(
  console: Console,
  { logFormat, debugLevel }: Pick<RunOptions, "logFormat" | "debugLevel">,
): Output {
  const format = logFormat ?? (console.isTerminal ? "text" : "json");
  const progress = console.isTerminal && format === "text"
    ? new TerminalProgress(
      { write: (text) => console.complain(text), columns: () => console.columns() },
      systemClock,
    )
    : undefined;
  const secrets: string[] = [];
  const log = createLogger({
    format,
    debugLevel,
    now: systemClock.now,
    write: (line) => progress ? progress.print(line) : console.complain(line),
    secrets,
  });
  return {
    log,
    observer: progress ?? {},
    hideSecretsOf: (config) => void secrets.push(...secretsOf(config)),
    close: () => progress?.clear(),
  };
}
