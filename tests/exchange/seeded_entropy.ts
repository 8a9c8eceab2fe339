import type { Entropy } from "../../src/core/env.ts";

/**
 * Chance that repeats itself: the same seed gives the same numbers (mulberry32). Not for secrets.
 *
 * The whole simulator draws from one of these, so that a run can be replayed from its seed.
 */
export function seededEntropy(seed: number): Entropy {
  let state = seed >>> 0;
  return {
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}

/** `length` bytes drawn one by one. */
export function randomBytes(entropy: Entropy, length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, () => Math.floor(entropy.next() * 256));
}

/** A version 4 UUID in lower case, as mailboxes and request ids have. */
export function randomUuid(entropy: Entropy): string {
  const bytes = randomBytes(entropy, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
