import type { Clock } from "../../src/core/env.ts";

/** A request that came although its sender had been asked to wait. */
export interface BrokenBackoff {
  readonly scope: string;
  /** What the server had asked for, ms. */
  readonly askedMs: number;
  /** So much of it was left, ms. */
  readonly leftMs: number;
}

interface Backoff {
  readonly askedMs: number;
  readonly askedAtMs: number;
}

/** Until then a request may have been sent before the answer that asks to wait was read. */
const UNDER_WAY_MS = 1_000;

/**
 * Watches from a server's side whether a client keeps away as long as it was asked to. `scope` is
 * whoever has to wait: a mailbox, or everybody.
 */
export class BackoffWatch {
  readonly broken: BrokenBackoff[] = [];
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #backoffs = new Map<string, Backoff>();
  #asked = 0;

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
  }

  /** How often a back-off was asked for. */
  get asked(): number {
    return this.#asked;
  }

  /** The server asks to be left alone for so long. One that ends before an earlier one is no news. */
  ask(scope: string, askedMs: number): void {
    this.#asked++;
    const askedAtMs = this.#clock.monotonicMs();
    const known = this.#backoffs.get(scope);
    if (known && known.askedAtMs + known.askedMs >= askedAtMs + askedMs) return;
    this.#backoffs.set(scope, { askedMs, askedAtMs });
  }

  /** A request came that all of these scopes concern. */
  arrived(...scopes: readonly string[]): void {
    const nowMs = this.#clock.monotonicMs();
    for (const scope of scopes) {
      const backoff = this.#backoffs.get(scope);
      if (!backoff || nowMs - backoff.askedAtMs <= UNDER_WAY_MS) continue;
      const leftMs = backoff.askedAtMs + backoff.askedMs - nowMs;
      if (leftMs > 0) this.broken.push({ scope, askedMs: backoff.askedMs, leftMs });
    }
  }

  /** The client was killed: its successor cannot know what that one was asked. */
  forget(): void {
    this.#backoffs.clear();
  }
}
