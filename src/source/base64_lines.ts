import { Buffer } from "node:buffer";

/** Bytes of one line of 76 characters (RFC 2045 section 6.8). */
const LINE_BYTES = 57;

/** Encodes bytes that arrive in pieces as lines of base64. */
export class Base64Lines {
  #rest: Uint8Array = new Uint8Array();

  /** The lines that `bytes` completes; possibly none. */
  encode(bytes: Uint8Array): Uint8Array {
    const all = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const whole = all.length - all.length % LINE_BYTES;
    this.#rest = new Uint8Array(all.subarray(whole));
    return linesOf(all.subarray(0, whole));
  }

  /** The last line, if there is one left. */
  finish(): Uint8Array {
    const rest = this.#rest;
    this.#rest = new Uint8Array();
    return linesOf(rest);
  }
}

function linesOf(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
  return Buffer.from(text.replace(/.{1,76}/g, "$&\r\n"), "latin1");
}
