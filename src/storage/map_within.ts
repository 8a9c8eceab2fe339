import type { CallOptions } from "../core/env.ts";
import type { Semaphore } from "../core/semaphore.ts";

/**
 * Runs `action` over `items`, as many at a time as `slots` admits, and resolves to the results in
 * order. The first failure aborts the signal the other actions were given and is rethrown once all
 * of them have ended, so that nothing runs on behind the caller's back.
 */
export async function mapWithin<T, R>(
  slots: Semaphore,
  items: readonly T[],
  action: (item: T, options: CallOptions) => Promise<R>,
  { signal }: CallOptions,
): Promise<R[]> {
  signal.throwIfAborted();
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const results: R[] = [];
  const options = { signal: stop.signal };
  const runOne = async (item: T, index: number) => {
    try {
      options.signal.throwIfAborted();
      results[index] = await action(item, options);
    } catch (thrown) {
      // Before the slot is free again, lest the next begin.
      stop.abort(thrown);
    }
  };
  try {
    const runs = items.map((item, index) => slots.run(() => runOne(item, index), options));
    await Promise.allSettled(runs);
    stop.signal.throwIfAborted();
    return results;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
