import type { Entropy } from "./env.ts";

/**
 * Pause before something that failed is tried again: exponential with jitter, somewhere between the
 * least pause and a ceiling that doubles with each failure up to the greatest. In ms; `failures`
 * counts from 0.
 */
export function backoffMs(
  failures: number,
  bounds: { readonly backoffMsMin: number; readonly backoffMsMax: number },
  entropy: Entropy,
): number {
  const { backoffMsMin, backoffMsMax } = bounds;
  const ceilingMs = Math.min(backoffMsMax, backoffMsMin * 2 ** Math.min(failures, 30));
  return Math.round(backoffMsMin + (ceilingMs - backoffMsMin) * entropy.next());
}
