import type { CallOptions, Clock } from "../../core/env.ts";

/** Real time, for tests over real sockets. */
export const wallClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  sleep(ms: number, { signal }: CallOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
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
  },
};
