/** Content of a MIME part without its transfer encoding, as it passes. */
export interface TransferDecoder {
  decode(bytes: Uint8Array): Uint8Array;
  /** What was held back. */
  finish(): Uint8Array;
}

/** The decoder of a `Content-Transfer-Encoding` in lower case; of an unknown one: as it is. */
export function transferDecoderFor(encoding: string): TransferDecoder {
  switch (encoding) {
    case "base64":
      return new Base64Decoder();
    case "quoted-printable":
      return new QuotedPrintableDecoder();
    default:
      return AS_IT_IS;
  }
}

const NOTHING = new Uint8Array();
const AS_IT_IS: TransferDecoder = { decode: (bytes) => bytes, finish: () => NOTHING };

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const IGNORED = 0xff;
const SIX_BITS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const value = ALPHABET.indexOf(String.fromCharCode(byte));
  return value < 0 ? IGNORED : value;
});
const EQUALS = 0x3d;
const LF = 0x0a;

/** RFC 2045 section 6.8: what is not of the alphabet is passed over. */
class Base64Decoder implements TransferDecoder {
  #bits = 0;
  #count = 0;

  decode(bytes: Uint8Array): Uint8Array {
    const out = new Uint8Array(Math.ceil((bytes.length + 4) * 3 / 4));
    let length = 0;
    for (const byte of bytes) {
      if (byte === EQUALS) this.#count = 0;
      const value = SIX_BITS[byte]!;
      if (value === IGNORED) continue;
      this.#bits = (this.#bits << 6 | value) & 0xffffff;
      this.#count += 6;
      if (this.#count < 8) continue;
      this.#count -= 8;
      out[length++] = this.#bits >> this.#count & 0xff;
    }
    return out.subarray(0, length);
  }

  finish(): Uint8Array {
    return NOTHING;
  }
}

/** RFC 2045 section 6.7; what is no escape stands for itself. */
class QuotedPrintableDecoder implements TransferDecoder {
  /** From an equals sign on, until it is known what it means. */
  #held: number[] = [];

  decode(bytes: Uint8Array): Uint8Array {
    const out = new Uint8Array(bytes.length + this.#held.length);
    let length = 0;
    const put = (values: readonly number[]) => {
      out.set(values, length);
      length += values.length;
    };
    for (const byte of bytes) {
      if (this.#held.length === 0) {
        if (byte === EQUALS) this.#held = [byte];
        else out[length++] = byte;
        continue;
      }
      this.#held.push(byte);
      const meaning = meaningOf(this.#held);
      if (!meaning) continue;
      this.#held = [];
      put(meaning);
    }
    return out.subarray(0, length);
  }

  finish(): Uint8Array {
    const held = Uint8Array.from(this.#held);
    this.#held = [];
    return held;
  }
}

const BLANKS_MAX = 80;

/** What an equals sign and the bytes after it mean; `undefined`: too early to say. */
function meaningOf(held: readonly number[]): readonly number[] | undefined {
  const last = held.at(-1)!;
  const after = String.fromCharCode(...held.slice(1));
  if (last === LF) return /^[ \t]*\r?\n$/.test(after) ? [] : held;
  if (/^[0-9a-f]{2}$/i.test(after)) return [parseInt(after, 16)];
  const isOpen = /^(?:[0-9a-f]|[ \t]*\r?)$/i.test(after) && held.length < BLANKS_MAX;
  return isOpen ? undefined : held;
}
