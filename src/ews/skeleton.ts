import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";

/**
 * What of an answer is held to be parsed; grows up to `LIMITS.skeletonBytesMax`, beyond which it
 * throws a `retryable` `SyncError` of code `ResponseTooLarge`. Copies, so that no chunk of MIME content
 * stays alive.
 */
export class Skeleton {
  #bytes = new Uint8Array(16 * 1024);
  #length = 0;

  append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > LIMITS.skeletonBytesMax) throw tooLarge();
    if (length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(length, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = length;
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
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
