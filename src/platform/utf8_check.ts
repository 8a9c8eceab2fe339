/** Content that is not UTF-8; says nothing of where, and is caught where it can be helped. */
export class NotUtf8 extends Error {
  override readonly name = "NotUtf8";
}

/** Tells whether bytes, as they pass, are valid UTF-8 (RFC 3629: shortest form, no surrogates). */
export class Utf8Check {
  /** Continuation bytes still to come, and what the next of them may be. */
  #expected = 0;
  #least = 0x80;
  #most = 0xbf;

  /** @throws NotUtf8 */
  check(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes[at]!;
      if (this.#expected === 0) {
        if (byte >= 0x80) this.#begin(byte);
      } else this.#goOn(byte);
    }
  }

  /** @throws NotUtf8 if the last character is cut. */
  finish(): void {
    if (this.#expected > 0) throw new NotUtf8();
  }

  #begin(byte: number): void {
    if (byte < 0xc2 || byte > 0xf4) throw new NotUtf8();
    this.#expected = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    this.#least = byte === 0xe0 ? 0xa0 : byte === 0xf0 ? 0x90 : 0x80;
    this.#most = byte === 0xed ? 0x9f : byte === 0xf4 ? 0x8f : 0xbf;
  }

  #goOn(byte: number): void {
    if (byte < this.#least || byte > this.#most) throw new NotUtf8();
    this.#expected--;
    this.#least = 0x80;
    this.#most = 0xbf;
  }
}

/** Whether all of a text in memory is UTF-8. */
export function isUtf8(bytes: Uint8Array): boolean {
  try {
    const check = new Utf8Check();
    check.check(bytes);
    check.finish();
    return true;
  } catch (error) {
    if (!(error instanceof NotUtf8)) throw error;
    return false;
  }
}
