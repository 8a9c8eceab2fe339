import type { CallOptions, Clock } from "../core/env.ts";

/**
 * Gives up on a request when the other side shows no life for too long: it takes no byte of the
 * body, or does not begin to answer once it has all of it. The time a slow source needs to make the
 * body does not count.
 */
export class RequestDeadline implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #silenceMsMax: number;
  readonly #late: () => unknown;
  readonly #expired = new AbortController();
  readonly #settled = new AbortController();
  readonly #watching: Promise<void>;
  /** Since when the other side has the turn; absent while the source has. */
  #waitingSinceMs: number | undefined;

  /** `late` makes the reason with which `signal` is then aborted. */
  constructor(clock: Clock, silenceMsMax: number, late: () => unknown) {
    this.#clock = clock;
    this.#silenceMsMax = silenceMsMax;
    this.#late = late;
    this.#waitingSinceMs = clock.monotonicMs();
    this.#watching = this.#watch({ signal: this.#settled.signal });
  }

  get signal(): AbortSignal {
    return this.#expired.signal;
  }

  /** The body as it passes; the other side has the turn from each piece to the next. */
  async *watched(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    this.#waitingSinceMs = undefined;
    for await (const piece of body) {
      this.heard();
      yield piece;
      this.#waitingSinceMs = undefined;
    }
    this.heard();
  }

  /** The other side has shown life. */
  heard(): void {
    this.#waitingSinceMs = this.#clock.monotonicMs();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#settled.abort();
    await this.#watching;
  }

  async #watch(options: CallOptions): Promise<void> {
    try {
      for (let restMs = this.#silenceMsMax; restMs > 0; restMs = this.#restMs()) {
        await this.#clock.sleep(restMs, options);
      }
      this.#expired.abort(this.#late());
    } catch (error) {
      if (!options.signal.aborted) throw error;
    }
  }

  #restMs(): number {
    const since = this.#waitingSinceMs;
    if (since === undefined) return this.#silenceMsMax;
    return since + this.#silenceMsMax - this.#clock.monotonicMs();
  }
}
