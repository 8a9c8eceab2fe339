import type { Clock } from "../../src/core/env.ts";
import { GraphError } from "./graph_errors.ts";

/** What one application may ask of one mailbox (throttling-limits, Outlook service). */
export interface PublishedLimits {
  readonly requestsMax: number;
  readonly windowMs: number;
  readonly concurrentMax: number;
}

export const PUBLISHED_LIMITS: PublishedLimits = {
  requestsMax: 10_000,
  windowMs: 10 * 60_000,
  concurrentMax: 4,
};

interface Use {
  /** Times of requests within the window, oldest first, in milliseconds. */
  readonly times: number[];
  running: number;
  peak: number;
}

/** Counts the requests of one application per mailbox, refused ones included. */
export class MailboxLimits {
  readonly #clock: Pick<Clock, "now">;
  readonly #limits: PublishedLimits;
  readonly #uses = new Map<string, Use>();
  /** Whether refusals name a delay; the real service mostly does. */
  namesDelay = true;

  constructor(clock: Pick<Clock, "now">, limits: PublishedLimits) {
    this.#clock = clock;
    this.#limits = limits;
  }

  /** Takes a request in until what is returned is called. Throws `GraphError` beyond the limits. */
  enter(mailbox: string): () => void {
    const use = this.#useOf(mailbox);
    const now = this.#clock.now().getTime();
    const { requestsMax, windowMs, concurrentMax } = this.#limits;
    const expired = use.times.findIndex((time) => time > now - windowMs);
    use.times.splice(0, expired < 0 ? use.times.length : expired);
    use.times.push(now);
    if (use.times.length > requestsMax) {
      const freeAt = use.times[use.times.length - requestsMax]! + windowMs;
      throw this.#refusal("RequestsPerWindow", Math.ceil((freeAt - now) / 1000));
    }
    if (use.running >= concurrentMax) throw this.#refusal("MailboxConcurrency", 1);
    use.running++;
    use.peak = Math.max(use.peak, use.running);
    let isIn = true;
    return () => {
      if (isIn) use.running--;
      isIn = false;
    };
  }

  /** The most requests that ever ran at one time. */
  peakOf(mailbox: string): number {
    return this.#useOf(mailbox).peak;
  }

  #useOf(mailbox: string): Use {
    const address = mailbox.toLowerCase();
    const use = this.#uses.get(address) ?? { times: [], running: 0, peak: 0 };
    this.#uses.set(address, use);
    return use;
  }

  #refusal(limit: string, delayS: number): GraphError {
    return new GraphError(
      429,
      "ApplicationThrottled",
      `Application is over its ${limit} limit.`,
      this.namesDelay ? { "Retry-After": String(Math.max(1, delayS)) } : {},
    );
  }
}
