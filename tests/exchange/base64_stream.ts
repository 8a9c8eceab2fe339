/** Base64 of bytes that come in chunks of any length, seamlessly joined. */
export class Base64Stream {
  #carried: Uint8Array = new Uint8Array(0);

  /** The text for all whole groups of three bytes so far. */
  push(chunk: Uint8Array): string {
    const missing = this.#carried.length === 0 ? 0 : 3 - this.#carried.length;
    const head = Uint8Array.of(...this.#carried, ...chunk.subarray(0, missing));
    if (head.length < 3 && missing > 0) {
      this.#carried = head;
      return "";
    }
    const rest = chunk.subarray(missing);
    const whole = rest.subarray(0, rest.length - rest.length % 3);
    this.#carried = rest.slice(whole.length);
    return head.toBase64() + whole.toBase64();
  }

  /** The text for what is left. */
  end(): string {
    return this.#carried.toBase64();
  }
}
