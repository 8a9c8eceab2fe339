import type { CallOptions, Clock } from "../../core/env.ts";

/** Time that passes only when a test says so. */
export class ManualClock implements Clock {
  #nowMs = Date.parse("2024-01-01T00:00:00Z");

  now(): Date {
    return new Date(this.#nowMs);
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  /** Nothing that is tested with this clock sleeps. */
  sleep(_ms: number, _options: CallOptions): Promise<void> {
    return Promise.reject(new Error("This clock cannot sleep"));
  }

  advance(ms: number): void {
    this.#nowMs += ms;
  }
}
