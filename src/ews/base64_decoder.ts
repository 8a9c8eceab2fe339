import { SyncError } from "../core/errors.ts";

/**
 * Decodes base64 that arrives in slices cut anywhere, whitespace allowed, natively and without ever
 * holding more than one slice as text.
 *
 * Anything that is not base64 (RFC 4648 section 4, padding required, as `xs:base64Binary` has it)
 * fails with a `retryable` `SyncError` of code `ResponseCorrupt`.
 */
export class Base64Decoder {
  // The native decoder takes text. Bytes that are not ASCII become characters it refuses.
  readonly #ascii = new TextDecoder("utf-8", { ignoreBOM: true });
  /** Characters of an unfinished group of four, with the whitespace among them. */
  #carried = "";
  #padded = false;

  /** The bytes that `slice` completes; possibly none. */
  decode(slice: Uint8Array): Uint8Array {
    const text = this.#carried + this.#ascii.decode(slice);
    if (this.#padded) return this.#afterPadding(text);
    const bytes = new Uint8Array(Math.ceil(text.length / 4) * 3);
    const { read, written } = decodeGroups(bytes, text);
    this.#carried = text.slice(read);
    // Long runs of whitespace must not pile up in what is carried.
    if (this.#carried.length > 64) this.#carried = this.#carried.replace(/[\t\n\f\r ]+/g, "");
    this.#padded = written % 3 !== 0;
    return bytes.subarray(0, written);
  }

  /** Call at the end of the text: an unfinished group means that something is missing. */
  finish(): void {
    if (this.#carried.trim() !== "") throw corrupt("MIME content ends inside a base64 group");
  }

  #afterPadding(text: string): Uint8Array {
    if (text.trim() !== "") throw corrupt("MIME content goes on after base64 padding");
    return new Uint8Array(0);
  }
}

function decodeGroups(
  bytes: Uint8Array,
  text: string,
): { readonly read: number; readonly written: number } {
  try {
    return bytes.setFromBase64(text, { lastChunkHandling: "stop-before-partial" });
  } catch (cause) {
    throw corrupt("MIME content is not base64", cause);
  }
}

function corrupt(message: string, cause?: unknown): SyncError {
  return new SyncError("retryable", "ResponseCorrupt", message, { cause });
}
