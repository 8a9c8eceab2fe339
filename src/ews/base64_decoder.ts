import { SyncError } from "../core/errors.ts";

const WHITESPACE = 64;
const PADDING = 65;
const INVALID = 255;

/** What each byte means in base64: its six bits, or one of the above. */
const MEANINGS = new Uint8Array(256).fill(INVALID);
for (
  const [value, byte] of asciiOf("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
) {
  MEANINGS[byte] = value;
}
for (const [, byte] of asciiOf("\t\n\f\r ")) MEANINGS[byte] = WHITESPACE;
for (const [, byte] of asciiOf("=")) MEANINGS[byte] = PADDING;

/**
 * Decodes base64 that arrives in slices cut anywhere, whitespace allowed, from bytes to bytes: the
 * runtime's own decoders take text, and no message's base64 is ever to be a string.
 *
 * Anything that is not base64 (RFC 4648 section 4, padding required, as `xs:base64Binary` has it)
 * fails with a `retryable` `SyncError` of code `ResponseCorrupt`.
 */
export class Base64Decoder {
  /** Bits of the unfinished group, and how many characters and paddings of it have come. */
  #bits = 0;
  #characters = 0;
  #paddings = 0;

  /** The bytes that `slice` completes; possibly none. */
  decode(slice: Uint8Array): Uint8Array {
    const out = new Uint8Array(Math.ceil((slice.length + 3) / 4) * 3);
    let length = 0;
    for (let at = 0; at < slice.length;) {
      const next = this.#characters === 0 ? decodeGroups(slice, at, out, length) : at;
      length += (next - at) / 4 * 3;
      at = next;
      if (at < slice.length) length += this.#take(MEANINGS[slice[at++]!]!, out, length);
    }
    return out.subarray(0, length);
  }

  /** Call at the end of the text: an unfinished group means that something is missing. */
  finish(): void {
    const group = this.#characters + this.#paddings;
    if (group !== 0 && group !== 4) throw corrupt("MIME content ends inside a base64 group");
  }

  /** One character on its own; returns how many bytes it completed. */
  #take(meaning: number, out: Uint8Array, length: number): number {
    if (meaning === WHITESPACE) return 0;
    if (meaning === INVALID) throw corrupt("MIME content is not base64");
    if (this.#paddings > 0 && (meaning !== PADDING || this.#characters + this.#paddings === 4)) {
      throw corrupt("MIME content goes on after base64 padding");
    }
    if (meaning === PADDING) return this.#pad(out, length);
    this.#bits = this.#bits << 6 | meaning;
    if (++this.#characters < 4) return 0;
    writeGroup(this.#bits, out, length);
    this.#bits = 0;
    this.#characters = 0;
    return 3;
  }

  /** Padding ends the content: what is left of the last group is one byte or two. */
  #pad(out: Uint8Array, length: number): number {
    if (this.#characters < 2) throw corrupt("MIME content has base64 padding in a wrong place");
    if (++this.#paddings + this.#characters < 4) return 0;
    writeGroup(this.#bits << 6 * this.#paddings, out, length);
    return this.#characters - 1;
  }
}

/** Decodes whole groups of four plain characters; returns where it had to stop. */
function decodeGroups(slice: Uint8Array, from: number, out: Uint8Array, length: number): number {
  let at = from;
  let written = length;
  for (; at + 4 <= slice.length; at += 4) {
    const a = MEANINGS[slice[at]!]!;
    const b = MEANINGS[slice[at + 1]!]!;
    const c = MEANINGS[slice[at + 2]!]!;
    const d = MEANINGS[slice[at + 3]!]!;
    if ((a | b | c | d) > 63) break;
    out[written++] = a << 2 | b >> 4;
    out[written++] = b << 4 | c >> 2;
    out[written++] = c << 6 | d;
  }
  return at;
}

function writeGroup(bits: number, out: Uint8Array, length: number): void {
  out[length] = bits >> 16;
  out[length + 1] = bits >> 8;
  out[length + 2] = bits;
}

function asciiOf(characters: string): readonly (readonly [number, number])[] {
  return [...characters].map((character, index) => [index, character.charCodeAt(0)]);
}

function corrupt(message: string): SyncError {
  return new SyncError("retryable", "ResponseCorrupt", message);
}
