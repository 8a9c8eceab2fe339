import type { Clock } from "../core/env.ts";
import { LIMITS } from "../core/limits.ts";

/**
 * The two steps of a stop (spec section 7). `begun`: begin nothing new, settle and commit what is in
 * work. `aborted`: let go of everything; what is unsettled is repeated next time.
 */
export interface Stop {
  readonly begun: AbortSignal;
  readonly aborted: AbortSignal;
}

/** Why work ended because of a stop: not a failure of anything. */
export class StopBegun extends Error {
  override readonly name = "StopBegun";

  constructor() {
    super("The appliance is stopping");
  }
}

export function throwIfStopping(stop: Stop): void {
  stop.begun.throwIfAborted();
}

/** Begins a stop and, unless everything has ended within the grace period, enforces it. */
export class StopController implements Stop, Disposable {
  readonly #begun = new AbortController();
  readonly #aborted = new AbortController();
  readonly #ended = new AbortController();
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get begun(): AbortSignal {
    return this.#begun.signal;
  }

  get aborted(): AbortSignal {
    return this.#aborted.signal;
  }

  begin(): void {
    if (this.#begun.signal.aborted) return;
    this.#begun.abort(new StopBegun());
    this.#clock.sleep(LIMITS.stopGraceMs, { signal: this.#ended.signal }).then(
      () => this.#aborted.abort(new StopBegun()),
      () => undefined, // everything ended within the grace period
    );
  }

  [Symbol.dispose](): void {
    this.#ended.abort(new StopBegun());
  }
}
