import type { Env } from "../core/env.ts";
import { type SyncError, syncErrorOf } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Sink } from "../core/ports.ts";
import { backoffMs } from "../core/backoff.ts";
import type { Stop } from "./stop.ts";

/**
 * Pauses every mailbox while the destination as a whole fails (spec section 7): one series of probes
 * with growing pauses, shared by all, until one succeeds.
 */
export class DestinationGate {
  readonly #sink: Sink;
  readonly #env: Env;
  readonly #stop: Stop;
  #recovery: Promise<void> | undefined;

  constructor(sink: Sink, env: Env, stop: Stop) {
    this.#sink = sink;
    this.#env = env;
    this.#stop = stop;
  }

  /** Resolves at once while the destination works, else when it works again. */
  async open(): Promise<void> {
    await this.#recovery;
  }

  /** Reports a failure of the whole destination and waits until it works again. */
  async recovered(error: SyncError): Promise<void> {
    this.#recovery ??= this.#probe(error).finally(() => {
      this.#recovery = undefined;
    });
    await this.#recovery;
  }

  async #probe(first: SyncError): Promise<void> {
    const { clock, log } = this.#env;
    const sinceMs = clock.monotonicMs();
    let error = first;
    for (let attempt = 0;; attempt++) {
      const delayMs = backoffMs(attempt, LIMITS, this.#env.entropy);
      log.error("Destination does not work; every mailbox waits.", {
        code: error.code,
        reason: error.message,
        hint: error.hint,
        delayMs,
      });
      await clock.sleep(delayMs, { signal: this.#stop.begun });
      try {
        await this.#sink.probe({ signal: this.#stop.begun });
        log.info("Destination works again.", { tookMs: clock.monotonicMs() - sinceMs });
        return;
      } catch (thrown) {
        this.#stop.begun.throwIfAborted();
        error = syncErrorOf(thrown);
        if (error.kind === "fatal") throw error;
      }
    }
  }
}
