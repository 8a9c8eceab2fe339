import type { CallOptions, Clock } from "../core/env.ts";

/**
 * Keeps a mailbox from being fetched faster than one email per `intervalMs`, on average over a
 * batch (`poll_message_sleep`, spec section 2). Zero: no pacing.
 */
export class Pace {
  readonly #intervalMs: number;
  readonly #clock: Clock;
  #freeAtMs = 0;

  constructor(intervalMs: number, clock: Clock) {
    this.#intervalMs = intervalMs;
    this.#clock = clock;
  }

  /** Resolves when the next `emails` may be fetched; takes their time from whoever comes after. */
  async take(emails: number, options: CallOptions): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    const startMs = Math.max(nowMs, this.#freeAtMs);
    this.#freeAtMs = startMs + emails * this.#intervalMs;
    if (startMs > nowMs) await this.#clock.sleep(startMs - nowMs, options);
  }
}
