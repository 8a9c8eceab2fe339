import type { CallOptions, Clock } from "../core/env.ts";
import { GRAPH_LIMITS } from "./graph_limits.ts";

/** The window slides in steps of this size: sixty numbers instead of ten thousand times. */
const STEP_MS = 10_000;

export interface WindowRequest extends CallOptions {
  /** How many requests. */
  readonly count: number;
  /** Whether they are for older mail, hence leave a part of the window to others. */
  readonly background: boolean;
}

/**
 * How many requests went to one mailbox lately. Lets them pass as long as Graph's limit holds, so
 * that it is not Graph that has to stop them.
 */
export class RequestWindow {
  readonly #clock: Clock;
  /** Requests by step, oldest first. */
  #steps: { readonly step: number; count: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves when the requests may be sent; they count from then on. */
  async take({ count, background, signal }: WindowRequest): Promise<void> {
    const { windowRequests, windowReserve, windowForNewMail } = GRAPH_LIMITS;
    const allowed = windowRequests - windowReserve - (background ? windowForNewMail : 0);
    for (;;) {
      signal.throwIfAborted();
      const step = this.#forget();
      const used = this.#steps.reduce((sum, { count }) => sum + count, 0);
      const oldest = this.#steps[0];
      if (!oldest || used + count <= allowed) return this.#count(step, count);
      const leavesAtMs = (oldest.step + 1) * STEP_MS + GRAPH_LIMITS.windowMs;
      await this.#clock.sleep(leavesAtMs - this.#clock.monotonicMs(), { signal });
    }
  }

  /** Drops what has left the window; the step of now. */
  #forget(): number {
    const nowMs = this.#clock.monotonicMs();
    this.#steps = this.#steps.filter(({ step }) =>
      (step + 1) * STEP_MS + GRAPH_LIMITS.windowMs > nowMs
    );
    return Math.floor(nowMs / STEP_MS);
  }

  #count(step: number, count: number): void {
    const last = this.#steps.at(-1);
    if (last?.step === step) last.count += count;
    else this.#steps.push({ step, count });
  }
}
