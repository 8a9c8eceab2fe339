import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";

/** Below this many bytes a loop copies faster than what has to be set up first. */
const LOOP_BYTES_MAX = 64;

/**
 * What of an answer is held to be parsed; grows up to `LIMITS.skeletonBytesMax`, beyond which it
 * throws a `retryable` `SyncError` of code `ResponseTooLarge`. Copies, so that no chunk of MIME content
 * stays alive.
 */
export class Skeleton {
  #bytes = new Uint8Array(16 * 1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(bytes: Uint8Array, from = 0, to = bytes.length): void {
    const length = this.#length + to - from;
    if (length > LIMITS.skeletonBytesMax) throw tooLarge();
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(length, this.#bytes.length * 2));
      grown.set(this.bytes());
      this.#bytes = grown;
    }
    if (to - from > LOOP_BYTES_MAX) this.#bytes.set(bytes.subarray(from, to), this.#length);
    else for (let i = from, j = this.#length; i < to; i++, j++) this.#bytes[j] = bytes[i]!;
    this.#length = length;
  }

  /** From there on; only until more is appended. */
  bytes(from = 0): Uint8Array {
    return this.#bytes.subarray(from, this.#length);
  }
}

/** A whole answer that has no content to take out. Rejects as `Skeleton` does, and as the body does. */
export async function wholeAnswer(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const skeleton = new Skeleton();
  for await (const chunk of body) skeleton.append(chunk);
  return skeleton.bytes();
}

function tooLarge(): SyncError {
  return new SyncError("retryable", "ResponseTooLarge", "The answer is larger than any should be", {
    hint: "Check that the endpoint is Exchange Web Services and not another service",
  });
}
