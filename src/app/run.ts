import type { RunOptions } from "../config/run_options.ts";
import type { Env } from "../core/env.ts";
import { type SyncError, syncErrorOf } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { CredentialGate } from "../http/credential_gate.ts";
import { systemClock, systemEntropy } from "../runtime/system.ts";
import { type Stop, StopBegun, StopController } from "../sync/stop.ts";
import type { Console } from "./console.ts";
import { EXIT, type ExitCode, exitCodeOf } from "./exit_code.ts";
import { createOutput } from "./output.ts";
import { restarting } from "./restarting.ts";
import { type RunRequest, serve } from "./service.ts";
import { listenToSignals } from "./signals.ts";

/** `reinfer-ews run`: syncs the mailboxes of this shard until stopped, or once. */
export async function run(request: RunRequest, console: Console): Promise<ExitCode> {
  const { options, config } = request;
  const { log, observer, close } = createOutput(console, options, config);
  const env: Env = { clock: systemClock, entropy: systemEntropy, log };
  using stop = new StopController(env.clock);
  using _signals = listenToSignals(stop, log);
  for (const warning of request.warnings) log.warn("Mind the configuration.", { reason: warning });
  // What must outlive a restart: Active Directory counts sign-ins of the whole process, and
  // `start_from: config` begins anew once per process.
  const gate = new CredentialGate(config.exchange.auth.user, env.clock);
  const startedAnew = new Map<string, Set<string>>();
  const live = (stop: StopController) => serve(request, { env, stop, observer, gate, startedAnew });
  const restarts = options.restartOnUnrecoverableErrors && !options.once;
  try {
    return restarts ? await restarting(live, { env, stop }) : await live(stop);
  } catch (thrown) {
    if (thrown instanceof StopBegun) return EXIT.done;
    return await endFor(syncErrorOf(thrown), options, { env, stop });
  } finally {
    close();
  }
}

/**
 * The failure that ends the process, said once. A supervisor restarts the process, and Active
 * Directory locks accounts: so after refused credentials it stays a while before it ends.
 */
async function endFor(
  error: SyncError,
  options: RunOptions,
  { env, stop }: { readonly env: Env; readonly stop: Stop },
): Promise<ExitCode> {
  const code = exitCodeOf(error);
  const holds = code === EXIT.credentialsOrPermission && !options.once;
  env.log.error("Cannot go on.", {
    mailbox: error.context.mailbox,
    code: error.code,
    reason: error.message,
    hint: error.hint,
    exitCode: code,
    ...(holds ? { endsInMs: LIMITS.credentialHoldMs } : {}),
  });
  if (!holds) return code;
  try {
    await env.clock.sleep(LIMITS.credentialHoldMs, { signal: stop.begun });
  } catch {
    return EXIT.done; // stopped by an operator meanwhile
  }
  return code;
}
