import { createHash } from "node:crypto";
import { assert, SyncError } from "../core/errors.ts";
import type { MimeContent } from "../core/mime_content.ts";

/** What is known of MIME content once all of it has passed. */
export interface ContentFacts {
  /** SHA-256 in lower-case hex. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

/**
 * MIME content on its way from source to store, chunk by chunk: hashed and counted as it passes,
 * never held. Tells a failure of the source apart from one of the store. To be read once.
 */
export class MeasuredContent implements AsyncIterable<Uint8Array> {
  readonly #mime: MimeContent;
  readonly #signal: AbortSignal;
  readonly #hash = createHash("sha256");
  #sizeBytes = 0;
  #facts: ContentFacts | undefined;
  #sourceFailure: SyncError | undefined;

  constructor(mime: MimeContent, signal: AbortSignal) {
    this.#mime = mime;
    this.#signal = signal;
  }

  /** Only after the content was read to its end. */
  get facts(): ContentFacts {
    assert(this.#facts !== undefined, "content is measured when all of it has passed");
    return this.#facts;
  }

  /** The error with which the source broke off, if it did. */
  get sourceFailure(): SyncError | undefined {
    return this.#sourceFailure;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    const { held } = this.#mime;
    for await (const chunk of held ?? this.#opened()) {
      this.#signal.throwIfAborted();
      this.#hash.update(chunk);
      this.#sizeBytes += chunk.byteLength;
      yield chunk;
    }
    this.#finish();
  }

  async *#opened(): AsyncGenerator<Uint8Array, void> {
    const reader = await this.#ofSource(() => this.#mime.open(this.#signal).getReader());
    // Only to free what the source holds; how it fares no longer matters to anyone.
    const cancel = () => void reader.cancel(this.#signal.reason).catch(() => undefined);
    this.#signal.addEventListener("abort", cancel, { once: true });
    try {
      for (;;) {
        const { value } = await this.#ofSource(() => reader.read());
        if (!value) break;
        yield value;
      }
    } finally {
      this.#signal.removeEventListener("abort", cancel);
      cancel();
    }
  }

  async #ofSource<T>(call: () => T | Promise<T>): Promise<T> {
    try {
      const answer = await call();
      // A cancelled stream looks like one that has ended: what came so far is not the whole.
      this.#signal.throwIfAborted();
      return answer;
    } catch (thrown) {
      this.#signal.throwIfAborted();
      if (thrown instanceof SyncError) this.#sourceFailure = thrown;
      throw thrown;
    }
  }

  #finish(): void {
    const expected = this.#mime.sizeBytes ?? this.#sizeBytes;
    assert(this.#sizeBytes === expected, "held content has the size it says");
    this.#facts = { sha256: this.#hash.digest("hex"), sizeBytes: this.#sizeBytes };
  }
}
