import type { CallOptions, Clock, Entropy } from "../core/env.ts";

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep,
};

/** Dice for jitter; nothing that must be unpredictable hangs on them. */
export const systemEntropy: Entropy = { next: () => Math.random() };

function sleep(ms: number, { signal }: CallOptions): Promise<void> {
  if (signal.aborted) return Promise.reject(signal.reason);
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
