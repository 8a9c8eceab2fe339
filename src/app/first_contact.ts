import { backoffMs } from "../core/backoff.ts";
import type { Env } from "../core/env.ts";
import { type SyncError, syncErrorOf } from "../core/errors.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { MailSource } from "../core/ports.ts";
import type { ServiceWatcher } from "../status/service_phase.ts";
import { type Stop, StopBegun } from "../sync/stop.ts";

/** With `--once` somebody waits: a server that cannot be reached is given up after this many tries. */
const ATTEMPTS_ONCE = 3;
/** How the server is to be reached. */
interface FirstContact {
  readonly env: Env;
  readonly stop: Stop;
  readonly once: boolean;
  /** Told of failures that are waited out; absent: nobody watches. */
  readonly watcher?: ServiceWatcher;
}

const PAUSE = { backoffMsMin: 1_000, backoffMsMax: 5 * 60_000 };

/**
 * Reaches the server and signs in once before any mailbox is worked on, so that what concerns all of
 * them is said once. A mailbox's own failure is not met here: its worker meets it.
 *
 * Without `once` it tries until it succeeds or a stop begins.
 *
 * @throws SyncError of kind `fatal`; with `once` any that concerns the server; `StopBegun`.
 */
export async function reachServer(
  source: MailSource,
  mailbox: Mailbox,
  contact: FirstContact,
): Promise<void> {
  const { stop, once } = contact;
  for (let failures = 0;; failures++) {
    try {
      return await source.probe(mailbox, { signal: stop.begun });
    } catch (thrown) {
      if (thrown instanceof StopBegun) throw thrown;
      const error = syncErrorOf(thrown);
      if (!concernsServer(error)) return;
      const hopeless = error.kind === "fatal" ||
        once && (error.kind !== "retryable" || failures + 1 >= ATTEMPTS_ONCE);
      if (hopeless) throw error;
      await pauseAfter(error, failures, contact);
    }
  }
}

/** TLS failures, those of a proxy and all that can pass happen before any mailbox is looked at. */
function concernsServer({ kind, code }: SyncError): boolean {
  return kind === "fatal" || kind === "retryable" || /^(?:Tls|Proxy)/.test(code);
}

async function pauseAfter(
  error: SyncError,
  failures: number,
  { env, stop, once, watcher }: FirstContact,
): Promise<void> {
  const delayMs = error.retryAfterMs ?? backoffMs(failures, PAUSE, env.entropy);
  const say = once ? "debug" : "error";
  env.log[say]("Exchange cannot be reached; trying again.", {
    code: error.code,
    reason: error.message,
    hint: error.hint,
    attempt: failures + 1,
    delayMs,
  });
  watcher?.servicePhaseChanged({ name: "signing-in", error, delayMs });
  await env.clock.sleep(delayMs, { signal: stop.begun });
}
