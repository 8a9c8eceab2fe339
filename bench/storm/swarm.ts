import type { Entropy } from "../../src/core/env.ts";

export interface SwarmOptions<Kind> {
  readonly entropy: Entropy;
  readonly kinds: readonly Kind[];
  /** Time between two faults on average, ms. */
  readonly everyMs: number;
}

/** A fault, and how long after the one before it happens. */
export interface SwarmFault<Kind> {
  readonly kind: Kind;
  readonly waitMs: number;
}

/** So long some kinds of faults are left out: what always happens together hides what it does alone. */
const PHASE_MS = 30_000;

/**
 * Faults by chance, the same for the same seed: at random times, and in each phase of a random half
 * of the kinds only (swarm testing).
 */
export class Swarm<Kind> {
  readonly #options: SwarmOptions<Kind>;
  #enabled: readonly Kind[] = [];
  #phaseLeftMs = 0;

  /** @throws RangeError where there is no kind to choose from. */
  constructor(options: SwarmOptions<Kind>) {
    if (options.kinds.length === 0) throw new RangeError("A swarm needs kinds of faults");
    this.#options = options;
  }

  next(): SwarmFault<Kind> {
    const { entropy, everyMs } = this.#options;
    const waitMs = exponential(entropy, everyMs);
    this.#phaseLeftMs -= waitMs;
    if (this.#phaseLeftMs <= 0) this.#beginPhase();
    return { kind: oneOf(this.#enabled, entropy), waitMs };
  }

  #beginPhase(): void {
    const { entropy, kinds } = this.#options;
    const half = kinds.filter(() => entropy.next() < 0.5);
    this.#enabled = half.length > 0 ? half : [oneOf(kinds, entropy)];
    this.#phaseLeftMs = PHASE_MS;
  }
}

/** A wait without memory: what is due at random times so often on average, ms. */
export function exponential(entropy: Entropy, meanMs: number): number {
  return Math.round(-Math.log(1 - entropy.next()) * meanMs);
}

/** One of some values, each as likely as another. */
export function oneOf<T>(values: readonly T[], entropy: Entropy): T {
  return values[Math.floor(entropy.next() * values.length)]!;
}
