import type { Clock } from "../../src/core/env.ts";

/** The machine's clock, moved: so an hour of history is made in no time. */
export class ShiftedTime implements Clock {
  #aheadMs: number;

  constructor(aheadMs: number) {
    this.#aheadMs = aheadMs;
  }

  now(): Date {
    return new Date(this.monotonicMs());
  }

  monotonicMs(): number {
    return Date.now() + this.#aheadMs;
  }

  sleep(): Promise<void> {
    return Promise.reject(new Error("Nothing that watches sleeps"));
  }

  advance(ms: number): void {
    this.#aheadMs += ms;
  }
}
