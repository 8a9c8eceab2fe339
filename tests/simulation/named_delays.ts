import type { Clock } from "../../src/core/env.ts";

/** Whom a busy server wants to wait: one mailbox, or all that ask it. */
export type Budget = string | "everyone";

interface Delay {
  readonly saidAtMs: number;
  readonly untilMs: number;
}

/** Until when a server told a client to wait, and whether the client does. */
export class NamedDelays {
  readonly #clock: Clock;
  readonly #delays = new Map<Budget, Delay>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The client has just heard that it is to wait so long. */
  heard(budget: Budget, delayMs: number): void {
    const saidAtMs = this.#clock.monotonicMs();
    const untilMs = saidAtMs + delayMs;
    if (untilMs > (this.#delays.get(budget)?.untilMs ?? -Infinity)) {
      this.#delays.set(budget, { saidAtMs, untilMs });
    }
  }

  /** How much too early a request of now is, ms; 0: it is not. */
  earlyMs(mailbox: string): number {
    const nowMs = this.#clock.monotonicMs();
    const leftMs = [mailbox, "everyone"].map((budget) => {
      const delay = this.#delays.get(budget);
      // What is sent in the moment of hearing it may have been on its way.
      return delay && nowMs > delay.saidAtMs ? delay.untilMs - nowMs : 0;
    });
    return Math.max(0, ...leftMs);
  }
}
