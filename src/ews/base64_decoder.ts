import { SyncError } from "../core/errors.ts";

/** What is not ASCII becomes a character that is not base64; a byte order mark must stay one, too. */
const TEXT = new TextDecoder("utf-8", { ignoreBOM: true });
const WHITESPACE = /[\t\n\f\r ]+/g;
const NOTHING = new Uint8Array(0);

/**
 * Decodes base64 that arrives in slices cut anywhere, whitespace allowed. No more of it than one slice
 * is ever a string, which is what the runtime's own decoder takes, many times faster than any other.
 *
 * Anything that is not base64 (RFC 4648 section 4, padding required, as `xs:base64Binary` has it)
 * fails with a `retryable` `SyncError` of code `ResponseCorrupt`.
 */
export class Base64Decoder {
  /** Characters of the unfinished group: three at most. */
  #rest = "";
  #isPadded = false;

  /** The bytes that `slice` completes; possibly none. */
  decode(slice: Uint8Array): Uint8Array {
    const text = this.#rest + TEXT.decode(slice);
    if (this.#isPadded) {
      if (withoutWhitespace(text) !== "") throw corrupt("goes on after base64 padding");
      return NOTHING;
    }
    const out = new Uint8Array(Math.ceil(text.length / 4) * 3);
    const { read, written } = setFromBase64(out, text);
    this.#rest = read === text.length ? "" : withoutWhitespace(text.slice(read));
    // Only padding makes a group of fewer bytes.
    this.#isPadded = written % 3 !== 0;
    return out.subarray(0, written);
  }

  /** Call at the end of the text: an unfinished group means that something is missing. */
  finish(): void {
    if (this.#rest !== "") throw corrupt("ends inside a base64 group");
  }
}

function setFromBase64(out: Uint8Array, text: string): { read: number; written: number } {
  try {
    return out.setFromBase64(text, { lastChunkHandling: "stop-before-partial" });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw corrupt("is not base64");
  }
}

function withoutWhitespace(text: string): string {
  return text.replace(WHITESPACE, "");
}

function corrupt(what: string): SyncError {
  return new SyncError("retryable", "ResponseCorrupt", `MIME content ${what}`);
}
