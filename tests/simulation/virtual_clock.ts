import { setImmediate } from "node:timers/promises";
import type { CallOptions, Clock } from "../../src/core/env.ts";

interface Sleeper {
  readonly wakeAtMs: number;
  readonly wake: () => void;
}

/**
 * Time that stands still while anything can run and then jumps to the next sleeper, so that hours of
 * backoff pass in milliseconds and the same seed gives the same run.
 */
export class VirtualClock implements Clock {
  #nowMs: number;
  #sleepers: Sleeper[] = [];

  constructor(start: Date) {
    this.#nowMs = start.getTime();
  }

  now(): Date {
    return new Date(this.#nowMs);
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number, { signal }: CallOptions): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason);
    return new Promise((resolve, reject) => {
      const onAbort = () => {
        this.#sleepers = this.#sleepers.filter((sleeper) => sleeper !== me);
        reject(signal.reason);
      };
      const me: Sleeper = {
        wakeAtMs: this.#nowMs + ms,
        wake: () => {
          signal.removeEventListener("abort", onAbort);
          resolve();
        },
      };
      signal.addEventListener("abort", onAbort, { once: true });
      this.#sleepers.push(me);
    });
  }

  /** Lets time pass until `work` has ended, or fails if it can no longer end. */
  async runUntil<T>(work: Promise<T>): Promise<T> {
    let ended = false;
    const end = () => {
      ended = true;
    };
    work.then(end, end);
    for (let idleTurns = 0; !ended;) {
      await setImmediate();
      if (ended) break;
      idleTurns++;
      // Streams and hashes need several turns of the event loop before nothing can run.
      if (idleTurns < 4) continue;
      if (this.#jump()) idleTurns = 0;
      else if (idleTurns > 10_000) {
        throw new Error("Nothing runs, nothing sleeps, nothing has ended");
      }
    }
    return await work;
  }

  /** Moves time to the next sleeper and wakes it; false if nobody sleeps. */
  #jump(): boolean {
    const next = this.#sleepers.toSorted((a, b) => a.wakeAtMs - b.wakeAtMs)[0];
    if (!next) return false;
    this.#sleepers = this.#sleepers.filter((sleeper) => sleeper !== next);
    this.#nowMs = Math.max(this.#nowMs, next.wakeAtMs);
    next.wake();
    return true;
  }
}
