import { setImmediate } from "node:timers/promises";
import type { CallOptions, Clock } from "../../src/core/env.ts";
import { systemClock } from "../../src/runtime/system.ts";

/**
 * The machine's clock, which jumps over the pauses between attempts. Those have jitter; deadlines and
 * renewals are whole seconds.
 */
export class HastyClock implements Clock {
  #jumpedMs = 0;

  now(): Date {
    return systemClock.now();
  }

  monotonicMs(): number {
    return systemClock.monotonicMs() + this.#jumpedMs;
  }

  async sleep(ms: number, { signal }: CallOptions): Promise<void> {
    if (ms % 1000 === 0) return await systemClock.sleep(ms, { signal });
    signal.throwIfAborted();
    this.#jumpedMs += ms;
    await setImmediate();
  }
}
