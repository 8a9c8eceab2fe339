import { PLATFORM_LIMITS } from "./platform_limits.ts";

/** U+FFFD in UTF-8: what NUL becomes, which databases of text do not hold (spec section 5). */
const REPLACEMENT = [0xef, 0xbf, 0xbd] as const;
const SHORT_ESCAPES: Readonly<Record<number, string>> = {
  0x08: "\\b",
  0x09: "\\t",
  0x0a: "\\n",
  0x0c: "\\f",
  0x0d: "\\r",
  0x22: '\\"',
  0x5c: "\\\\",
};
const encoder = new TextEncoder();

/** What each byte of UTF-8 becomes inside a JSON string (RFC 8259 section 7). */
const ESCAPED: readonly Uint8Array[] = Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0) return Uint8Array.from(REPLACEMENT);
  const short = SHORT_ESCAPES[byte];
  if (short !== undefined) return encoder.encode(short);
  if (byte >= 0x20) return Uint8Array.of(byte);
  return encoder.encode(`\\u${byte.toString(16).padStart(4, "0")}`);
});
const LENGTHS = Uint8Array.from(ESCAPED, ({ length }) => length);
const LONGEST = Math.max(...LENGTHS);

/**
 * JSON as it is made, in pieces of one size, each filled in place: every further copy of what flows
 * would stay in memory until it is collected.
 */
export class JsonPieces {
  #piece = new Uint8Array(PLATFORM_LIMITS.bodyPieceBytes);
  #length = 0;

  /** Adds JSON as it is. Yields the pieces that are full. */
  *json(text: string): Generator<Uint8Array, void> {
    const bytes = encoder.encode(text);
    for (let from = 0; from < bytes.length;) {
      const room = this.#piece.length - this.#length;
      const part = bytes.subarray(from, from + room);
      this.#piece.set(part, this.#length);
      this.#length += part.length;
      from += part.length;
      yield* this.#ifFull(0);
    }
  }

  /** Adds UTF-8 as it stands inside a JSON string; characters may be cut at either end. */
  *escaped(bytes: Uint8Array): Generator<Uint8Array, void> {
    for (let from = 0; from < bytes.length;) {
      from = this.#escape(bytes, from);
      yield* this.#ifFull(LONGEST);
    }
  }

  /** The last piece. */
  *finish(): Generator<Uint8Array, void> {
    if (this.#length > 0) yield this.#piece.subarray(0, this.#length);
    this.#length = 0;
  }

  /** Fills the piece; how far it has come with the bytes. */
  #escape(bytes: Uint8Array, from: number): number {
    const piece = this.#piece;
    const end = piece.length - LONGEST;
    let length = this.#length;
    let at = from;
    for (; at < bytes.length && length <= end; at++) {
      const byte = bytes[at]!;
      if (LENGTHS[byte] === 1) piece[length++] = byte;
      else {
        piece.set(ESCAPED[byte]!, length);
        length += LENGTHS[byte]!;
      }
    }
    this.#length = length;
    return at;
  }

  /** What was yielded is the receiver's: the next piece is a new one. */
  *#ifFull(reserve: number): Generator<Uint8Array, void> {
    if (this.#length + reserve <= this.#piece.length && this.#length < this.#piece.length) return;
    yield* this.finish();
    this.#piece = new Uint8Array(PLATFORM_LIMITS.bodyPieceBytes);
  }
}
