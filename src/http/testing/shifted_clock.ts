import type { Clock } from "../../core/env.ts";
import { systemClock } from "../../runtime/system.ts";

/** The machine's clock, ahead of itself by as much as a test says. */
export class ShiftedClock implements Clock {
  #aheadMs = 0;

  now(): Date {
    return new Date(systemClock.now().getTime() + this.#aheadMs);
  }

  monotonicMs(): number {
    return systemClock.monotonicMs() + this.#aheadMs;
  }

  /** In time as it really passes: deadlines of connections stay what they are. */
  readonly sleep = systemClock.sleep;

  advance(ms: number): void {
    this.#aheadMs += ms;
  }
}
