import type { CallOptions, Clock } from "../core/env.ts";
import { LIMITS } from "../core/limits.ts";

/** The wait of one mailbox between two rounds, which somebody may end early. */
export class WakeUp {
  readonly #clock: Clock;
  #rung = false;
  #wake: AbortController | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ends the wait, or the next one where there is none. */
  ring(): void {
    this.#rung = true;
    this.#wake?.abort();
  }

  /**
   * Resolves after `pauseMs`, or earlier once it was rung since the last wait: not before
   * `LIMITS.rungRoundMs`, so that a busy mailbox is not gone over without pause, and not at once, so
   * that what comes together is one round.
   */
  async wait(pauseMs: number, { signal }: CallOptions): Promise<void> {
    const leastMs = Math.min(pauseMs, LIMITS.rungRoundMs);
    await this.#clock.sleep(leastMs, { signal });
    const restMs = pauseMs - leastMs;
    if (restMs > 0 && !this.#rung) await this.#sleepUntilRung(restMs, signal);
    if (this.#rung) await this.#clock.sleep(Math.min(restMs, LIMITS.ringGatherMs), { signal });
    this.#rung = false;
  }

  async #sleepUntilRung(ms: number, signal: AbortSignal): Promise<void> {
    const wake = new AbortController();
    this.#wake = wake;
    try {
      await this.#clock.sleep(ms, { signal: AbortSignal.any([signal, wake.signal]) });
    } catch (error) {
      signal.throwIfAborted();
      if (!wake.signal.aborted) throw error;
    } finally {
      this.#wake = undefined;
    }
  }
}
