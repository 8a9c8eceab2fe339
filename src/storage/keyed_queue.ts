import type { CallOptions } from "../core/env.ts";

/**
 * Lets actions that share a key run one after another, in the order they were asked for; actions
 * without a common key run at the same time. An action enters the queues of all its keys at one
 * moment, so actions with several keys cannot wait for each other.
 */
export class KeyedQueue {
  /** The end of the last action of each key; only keys in use are held. */
  readonly #tails = new Map<string, Promise<void>>();

  /** Runs `action` when no earlier one with any of `keys` is left. Rejects if aborted before. */
  async run<T>(
    keys: Iterable<string>,
    action: () => Promise<T>,
    options: CallOptions,
  ): Promise<T> {
    options.signal.throwIfAborted();
    const own = [...new Set(keys)];
    const earlier = Promise.all(own.map((key) => this.#tails.get(key)));
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    // Even if this one gives up waiting, the next must still wait for those before it.
    const tail = Promise.all([earlier, ended]).then(() => undefined);
    for (const key of own) this.#tails.set(key, tail);
    try {
      await orAborted(earlier, options.signal);
      return await action();
    } finally {
      end();
      void tail.then(() => this.#forget(own, tail));
    }
  }

  /** Resolves when every action asked for until now has ended. */
  async idle(): Promise<void> {
    await Promise.all(this.#tails.values());
  }

  #forget(keys: readonly string[], tail: Promise<void>): void {
    for (const key of keys) {
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }
}

async function orAborted(promise: Promise<unknown>, signal: AbortSignal): Promise<void> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([promise, aborted]);
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
