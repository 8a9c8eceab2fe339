import type { AppConfig } from "../config/app_config.ts";
import type { Env } from "../core/env.ts";
import { type SyncError, syncErrorOf } from "../core/errors.ts";
import { systemClock, systemEntropy } from "../runtime/system.ts";
import { type Stop, StopBegun, StopController } from "../sync/stop.ts";
import type { Console } from "./console.ts";
import { EXIT, type ExitCode, exitCodeOf } from "./exit_code.ts";
import { createOutput } from "./output.ts";
import { listenToSignals, onHangUp } from "./signals.ts";
import { visible } from "../config/printable.ts";

/** How a command beside `run` logs. */
interface LogOptions {
  readonly debugLevel: 0 | 1 | 2;
  readonly logFormat?: "text" | "json";
}

/** What a command beside `run` works with. */
export interface CommandContext {
  readonly env: Env;
  readonly stop: Stop;
  readonly console: Console;
}

/** Runs such a command; the failure that ends it is said in one line. */
export async function runCommand(
  options: LogOptions,
  /** Absent: it works without one, and with no secret. */
  config: AppConfig | undefined,
  console: Console,
  action: (context: CommandContext) => Promise<ExitCode>,
): Promise<ExitCode> {
  const quiet = { ...console, isTerminal: false, complain: console.complain };
  const logFormat = options.logFormat ?? (console.isTerminal ? "text" : "json");
  const { log, hideSecretsOf, close } = createOutput(quiet, { ...options, logFormat });
  if (config) hideSecretsOf(config);
  const env: Env = { clock: systemClock, entropy: systemEntropy, log };
  using stop = new StopController(env.clock);
  using _signals = listenToSignals(stop, log);
  using _hangUp = onHangUp(() => log.debug("SIGHUP has no effect on this command."));
  try {
    return await action({ env, stop, console });
  } catch (thrown) {
    // What a command was asked for is not complete.
    if (thrown instanceof StopBegun) return EXIT.finishedWithFailures;
    const error = syncErrorOf(thrown);
    console.complain(`reinfer-ews: ${failureLine(error)}\n`);
    return exitCodeOf(error);
  } finally {
    close();
  }
}

/** A failure with its remedy on one line. */
export function failureLine({ message, code, hint }: SyncError): string {
  return visible(`${message} (${code})${hint ? `. ${hint}` : ""}`);
}
