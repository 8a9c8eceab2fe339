import type { CallOptions, Clock } from "../../src/core/env.ts";

/** The clock of the machine that runs the appliance: somebody may set it, time goes on as it does. */
export class MachineClock implements Clock {
  readonly #time: Clock;
  #aheadMs = 0;

  constructor(time: Clock) {
    this.#time = time;
  }

  /** It shows so much more than it is from now on; negative: less. */
  set(aheadMs: number): void {
    this.#aheadMs = aheadMs;
  }

  now(): Date {
    return new Date(this.#time.now().getTime() + this.#aheadMs);
  }

  monotonicMs(): number {
    return this.#time.monotonicMs();
  }

  sleep(ms: number, options: CallOptions): Promise<void> {
    return this.#time.sleep(ms, options);
  }
}
