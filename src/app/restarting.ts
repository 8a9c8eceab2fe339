import { backoffMs } from "../core/backoff.ts";
import type { Env } from "../core/env.ts";
import { syncErrorOf } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { ServiceWatcher } from "../status/service_phase.ts";
import { type Stop, StopBegun, StopController } from "../sync/stop.ts";

/** A life that lasted this long begins the pauses anew. */
const LONG_LIFE_MS = 10 * 60_000;

/**
 * Lives again after every failure that would end the process, after growing pauses
 * (`--restart-on-unrecoverable-errors`), until a life ends by itself. Each life has its own stop,
 * since a failure stops its workers; the stop of the process reaches into all of them.
 *
 * @throws StopBegun when the process is stopped.
 */
export async function restarting<T>(
  live: (stop: StopController) => Promise<T>,
  { env, stop, watcher }: {
    readonly env: Env;
    readonly stop: Stop;
    readonly watcher?: ServiceWatcher;
  },
): Promise<T> {
  const { clock, entropy, log } = env;
  for (let failures = 0;;) {
    const bornMs = clock.monotonicMs();
    try {
      return await oneLife(live, { env, stop });
    } catch (thrown) {
      if (thrown instanceof StopBegun) throw thrown;
      const error = syncErrorOf(thrown);
      if (clock.monotonicMs() - bornMs >= LONG_LIFE_MS) failures = 0;
      const delayMs = Math.max(error.retryAfterMs ?? 0, backoffMs(failures++, LIMITS, entropy));
      log.error("Cannot go on; starting again.", {
        mailbox: error.context.mailbox,
        code: error.code,
        reason: error.message,
        hint: error.hint,
        restart: failures,
        delayMs,
      });
      watcher?.servicePhaseChanged({ name: "restarting", error, delayMs });
      await clock.sleep(delayMs, { signal: stop.begun });
    }
  }
}

async function oneLife<T>(
  live: (stop: StopController) => Promise<T>,
  { env, stop }: { readonly env: Env; readonly stop: Stop },
): Promise<T> {
  stop.begun.throwIfAborted();
  using own = new StopController(env.clock);
  const begin = () => own.begin();
  stop.begun.addEventListener("abort", begin, { once: true });
  try {
    return await live(own);
  } finally {
    stop.begun.removeEventListener("abort", begin);
  }
}
