import type { Readable } from "node:stream";

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
  readonly #errorOf: (thrown: unknown) => unknown;

  /** `errorOf` turns what the stream fails with into what `next` rejects with. */
  constructor(stream: Readable, errorOf: (thrown: unknown) => unknown) {
    this.#stream = stream;
    this.#chunks = stream[Symbol.asyncIterator]();
    this.#errorOf = errorOf;
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
    try {
      return await this.#chunks.next();
    } catch (error) {
      throw this.#errorOf(error);
    }
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    this.#stream.destroy();
    return Promise.resolve({ done: true, value: undefined });
  }
}
