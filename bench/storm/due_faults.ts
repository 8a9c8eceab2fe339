import type { Clock } from "../../src/core/env.ts";

interface Due<Kind> {
  readonly kind: Kind;
  readonly sinceMs: number;
}

/**
 * A fault is at its moment and passes: whoever asks less often meets fewer. Kept for ever, faults would
 * pile up before a client that backs off, and every request of its would meet one.
 */
const PASSES_MS = 500;

/** Faults that wait for a request to happen to, the oldest first. */
export class DueFaults<Kind> {
  readonly #clock: Pick<Clock, "monotonicMs">;
  #due: readonly Due<Kind>[] = [];

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
  }

  add(kind: Kind): void {
    this.#due = [...this.#current(), { kind, sinceMs: this.#clock.monotonicMs() }];
  }

  clear(): void {
    this.#due = [];
  }

  /** Takes the first that has not passed and can happen; undefined if there is none. */
  take(canHappen: (kind: Kind) => boolean): Kind | undefined {
    const current = this.#current();
    const taken = current.find(({ kind }) => canHappen(kind));
    this.#due = current.filter((due) => due !== taken);
    return taken?.kind;
  }

  #current(): readonly Due<Kind>[] {
    const fromMs = this.#clock.monotonicMs() - PASSES_MS;
    return this.#due.filter(({ sinceMs }) => sinceMs >= fromMs);
  }
}
