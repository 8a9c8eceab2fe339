import type { DestinationEnvironment } from "../../config/destination_config.ts";
import type { RemoteConfigAt } from "../../config/remote_config_options.ts";
import type { Env } from "../../core/env.ts";
import { syncErrorOf } from "../../core/errors.ts";
import { systemClock, systemEntropy } from "../../runtime/system.ts";
import { type Stop, StopBegun, StopController } from "../../sync/stop.ts";
import { failureLine } from "../command.ts";
import type { Console } from "../console.ts";
import { EXIT, type ExitCode, exitCodeOf } from "../exit_code.ts";
import { createOutput } from "../output.ts";
import { listenToSignals } from "../signals.ts";
import { openConfigStore, readConfigPlace } from "./open_config_store.ts";
import type { RemoteConfigStore } from "./remote_config_store.ts";

/** What a command works with that has no configuration to work by. */
export interface ConfigCommandContext {
  readonly env: Env;
  readonly stop: Stop;
}

/** Runs a command on a remote configuration; exit code 2 if something names it wrongly. */
export async function withConfigStore(
  at: RemoteConfigAt,
  environment: DestinationEnvironment,
  console: Console,
  action: (store: RemoteConfigStore, context: ConfigCommandContext) => Promise<ExitCode>,
): Promise<ExitCode> {
  const place = await readConfigPlace(at, environment);
  if ("problems" in place) {
    complainOf(place.problems, console);
    return EXIT.usageOrConfig;
  }
  return await runConfigCommand(console, async (context) => {
    await using store = await openConfigStore(place, context.env);
    return await action(store, context);
  });
}

/** Lines for standard error, under the program's name. */
export function complainOf(lines: readonly string[], console: Console): void {
  console.complain(lines.map((line) => `reinfer-ews: ${line}\n`).join(""));
}

/** The failure that ends the command is said in one line. */
async function runConfigCommand(
  console: Console,
  action: (context: ConfigCommandContext) => Promise<ExitCode>,
): Promise<ExitCode> {
  const quiet = { ...console, isTerminal: false };
  const logFormat = console.isTerminal ? "text" : "json";
  const { log, close } = createOutput(quiet, { debugLevel: 1, logFormat });
  const env: Env = { clock: systemClock, entropy: systemEntropy, log };
  using stop = new StopController(env.clock);
  using _signals = listenToSignals(stop, log);
  try {
    return await action({ env, stop });
  } catch (thrown) {
    if (thrown instanceof StopBegun) return EXIT.finishedWithFailures;
    const error = syncErrorOf(thrown);
    complainOf([failureLine(error)], console);
    return exitCodeOf(error);
  } finally {
    close();
  }
}
