/** Content of a MIME part in another transfer encoding, as it passes. */
export interface TransferEncoder {
  /** Value of `Content-Transfer-Encoding`. */
  readonly name: "quoted-printable" | "base64";
  encode(bytes: Uint8Array): Uint8Array;
  /** What was held back. */
  finish(): Uint8Array;
}

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;
const EQUALS = 0x3d;
const DASH = 0x2d;
/** A line has at most 76 characters, a soft line break among them (RFC 2045 section 6.7). */
const LINE_CHARACTERS_MAX = 75;
const HEX = new TextEncoder().encode("0123456789ABCDEF");

/** Quoted-printable of text (RFC 2045 section 6.7); its line ends stay what they are. */
export class QuotedPrintableEncoder implements TransferEncoder {
  readonly name = "quoted-printable";
  #out = new Uint8Array();
  #length = 0;
  #column = 0;
  /** A blank that must be encoded if the line ends after it. */
  #blank: number | undefined;
  #isAfterCr = false;

  encode(bytes: Uint8Array): Uint8Array {
    this.#begin(bytes.length);
    for (const byte of bytes) this.#put(byte);
    return this.#out.slice(0, this.#length);
  }

  finish(): Uint8Array {
    this.#begin(2);
    if (this.#isAfterCr) this.#endCr();
    this.#endBlank(true);
    return this.#out.slice(0, this.#length);
  }

  /** Three for each byte, as many for soft breaks, and for what was held back. */
  #begin(bytes: number): void {
    const capacity = bytes * 6 + 24;
    if (this.#out.length < capacity) this.#out = new Uint8Array(capacity);
    this.#length = 0;
  }

  #put(byte: number): void {
    if (byte === LF) return this.#endLine();
    if (this.#isAfterCr) this.#endCr();
    if (byte === CR) {
      this.#isAfterCr = true;
      return;
    }
    this.#endBlank(false);
    if (byte === SPACE || byte === TAB) this.#blank = byte;
    else if (isLiteral(byte)) this.#literal(byte);
    else this.#quoted(byte);
  }

  #endLine(): void {
    this.#endBlank(true);
    if (this.#isAfterCr) this.#out[this.#length++] = CR;
    this.#isAfterCr = false;
    this.#out[this.#length++] = LF;
    this.#column = 0;
  }

  #endCr(): void {
    this.#isAfterCr = false;
    this.#endBlank(false);
    this.#quoted(CR);
  }

  #endBlank(isAtLineEnd: boolean): void {
    const blank = this.#blank;
    this.#blank = undefined;
    if (blank === undefined) return;
    if (isAtLineEnd) this.#quoted(blank);
    else this.#literal(blank);
  }

  #literal(byte: number): void {
    this.#room(1);
    // No line of it may look like a delimiter of the message around it.
    if (byte === DASH && this.#column === 0) return this.#quoted(byte);
    this.#out[this.#length++] = byte;
    this.#column += 1;
  }

  #quoted(byte: number): void {
    this.#room(3);
    this.#out[this.#length++] = EQUALS;
    this.#out[this.#length++] = HEX[byte >> 4]!;
    this.#out[this.#length++] = HEX[byte & 0xf]!;
    this.#column += 3;
  }

  #room(characters: number): void {
    if (this.#column + characters <= LINE_CHARACTERS_MAX) return;
    this.#out[this.#length++] = EQUALS;
    this.#out[this.#length++] = CR;
    this.#out[this.#length++] = LF;
    this.#column = 0;
  }
}

/** Bytes of one line of base64: 76 characters (RFC 2045 section 6.8). */
const BASE64_LINE_BYTES = 57;

/** Base64 in lines. */
export class Base64Encoder implements TransferEncoder {
  readonly name = "base64";
  #rest = new Uint8Array();
  #hasLines = false;

  encode(bytes: Uint8Array): Uint8Array {
    const all = new Uint8Array(this.#rest.length + bytes.length);
    all.set(this.#rest);
    all.set(bytes, this.#rest.length);
    const whole = all.length - all.length % BASE64_LINE_BYTES;
    this.#rest = all.slice(whole);
    return this.#lines(all.subarray(0, whole));
  }

  finish(): Uint8Array {
    const rest = this.#rest;
    this.#rest = new Uint8Array();
    return this.#lines(rest);
  }

  #lines(bytes: Uint8Array): Uint8Array {
    let text = "";
    for (let at = 0; at < bytes.length; at += BASE64_LINE_BYTES) {
      if (this.#hasLines) text += "\r\n";
      this.#hasLines = true;
      text += bytes.subarray(at, at + BASE64_LINE_BYTES).toBase64();
    }
    return new TextEncoder().encode(text);
  }
}

function isLiteral(byte: number): boolean {
  return byte > SPACE && byte < 0x7f && byte !== EQUALS;
}
