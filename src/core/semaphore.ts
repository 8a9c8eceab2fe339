import type { CallOptions } from "./env.ts";
import { assert } from "./errors.ts";

interface Waiter {
  readonly weight: number;
  readonly urgent: boolean;
  readonly admit: () => void;
}

/**
 * Bounds what is in use at one time, by count or by any other weight (bytes, say). Urgent requests
 * come first; otherwise first come, first served: a heavy request is not overtaken by light ones.
 */
export class Semaphore {
  readonly #capacity: number;
  #free: number;
  readonly #waiters: Waiter[] = [];

  constructor(capacity: number) {
    assert(capacity >= 1, "a semaphore admits something");
    this.#capacity = capacity;
    this.#free = capacity;
  }

  /** How much of the capacity is in use. */
  get used(): number {
    return this.#capacity - this.#free;
  }

  /**
   * Runs `action` while holding `weight` (default 1). More than the capacity counts as all of it:
   * such an action runs alone. Rejects with the signal's reason if aborted while waiting.
   */
  async run<T>(
    action: () => Promise<T>,
    options: CallOptions & { readonly weight?: number; readonly urgent?: boolean },
  ): Promise<T> {
    const weight = Math.min(options.weight ?? 1, this.#capacity);
    await this.#acquire(weight, options.urgent ?? false, options.signal);
    try {
      return await action();
    } finally {
      this.#release(weight);
    }
  }

  #acquire(weight: number, urgent: boolean, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#waiters.length === 0 && weight <= this.#free) {
      this.#free -= weight;
      return Promise.resolve();
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = { weight, urgent, admit };
    const onAbort = () => {
      this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
      reject(signal.reason);
      this.#admitWaiters();
    };
    function admit() {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }
    signal.addEventListener("abort", onAbort, { once: true });
    this.#enqueue(waiter);
    return promise;
  }

  #enqueue(waiter: Waiter): void {
    const behind = waiter.urgent ? this.#waiters.findIndex(({ urgent }) => !urgent) : -1;
    this.#waiters.splice(behind < 0 ? this.#waiters.length : behind, 0, waiter);
    this.#admitWaiters();
  }

  #release(weight: number): void {
    this.#free += weight;
    this.#admitWaiters();
  }

  #admitWaiters(): void {
    for (;;) {
      const first = this.#waiters[0];
      if (!first || first.weight > this.#free) return;
      this.#waiters.shift();
      this.#free -= first.weight;
      first.admit();
    }
  }
}
