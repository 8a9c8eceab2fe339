import type { Entropy } from "../core/env.ts";

/** A version 4 UUID (RFC 9562) that nobody else has; not one that nobody can guess. */
export function uuidOf(entropy: Entropy): string {
  const digits = Array.from({ length: 32 }, () => Math.floor(entropy.next() * 16).toString(16));
  digits[12] = "4";
  digits[16] = (8 + Math.floor(entropy.next() * 4)).toString(16);
  const hex = digits.join("");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join("-");
}
