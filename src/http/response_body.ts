import type { Readable } from "node:stream";
import type { Clock } from "../core/env.ts";
import { LIMITS } from "../core/limits.ts";

/** What a body fails with that arrives, but never comes to anything. */
export class BodyTooSlow extends Error {
  override readonly name = "BodyTooSlow";
}

export interface ResponseBodyOptions {
  /** Turns what the stream fails with into what `next` rejects with. */
  readonly errorOf: (thrown: unknown) => unknown;
  readonly clock: Pick<Clock, "monotonicMs">;
  /** How long the peer may take for `LIMITS.responseBodyBytesMin`, ms. */
  readonly slowMsMax: number;
}

/**
 * A response body as it arrives, with back-pressure: nothing is read from the socket that nobody
 * asked for, beyond the stream's small buffer. To be iterated once; ending the iteration early
 * (`return()`, also before its first step) closes the connection.
 */
export class ResponseBody implements AsyncIterableIterator<Uint8Array> {
  /** Resolves, always, when nothing more will come; false if not all was read. */
  readonly ended: Promise<boolean>;
  readonly #stream: Readable;
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #options: ResponseBodyOptions;
  /** Waited for the peer, not for the reader, and received in that time, since it was last enough. */
  #waitedMs = 0;
  #bytes = 0;

  constructor(stream: Readable, options: ResponseBodyOptions) {
    this.#stream = stream;
    this.#chunks = stream[Symbol.asyncIterator]();
    this.#options = options;
    this.ended = new Promise((resolve) => {
      stream.once("end", () => resolve(true));
      stream.once("close", () => resolve(false));
      // Reported by `next`; without a listener it would end the process.
      stream.on("error", () => resolve(false));
    });
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Uint8Array> {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    const { clock, errorOf } = this.#options;
    const startedMs = clock.monotonicMs();
    try {
      const result = await this.#chunks.next();
      if (!result.done) this.#keepPace(clock.monotonicMs() - startedMs, result.value.length);
      return result;
    } catch (error) {
      throw errorOf(error);
    }
  }

  #keepPace(waitedMs: number, bytes: number): void {
    this.#waitedMs += waitedMs;
    this.#bytes += bytes;
    if (this.#bytes >= LIMITS.responseBodyBytesMin) {
      this.#waitedMs = 0;
      this.#bytes = 0;
    } else if (this.#waitedMs > this.#options.slowMsMax) {
      this.#stream.destroy();
      throw new BodyTooSlow();
    }
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    this.#stream.destroy();
    return Promise.resolve({ done: true, value: undefined });
  }
}
