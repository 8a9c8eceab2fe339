import { Buffer } from "node:buffer";
import type { CallOptions, Clock } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { withinDeadline } from "../core/within_deadline.ts";

export interface DocumentStreamOptions extends CallOptions {
  readonly clock: Clock;
  /** The longest time without a whole document, ms. */
  readonly silenceMsMax: number;
}

/**
 * XML documents of a body that holds one after the other, each as soon as it is whole: what a
 * hanging request is answered with. The body is cancelled when the iteration ends, however it does.
 *
 * Fails with a `retryable` `SyncError`: code `StreamSilent` when no document comes in time, code
 * `ResponseTooLarge` for one above `LIMITS.streamedDocumentBytesMax`, code `ResponseCorrupt` for what
 * cannot be XML; and with whatever the body fails with, or the signal's reason.
 */
export async function* documentsOf(
  body: AsyncIterable<Uint8Array>,
  { clock, signal, silenceMsMax }: DocumentStreamOptions,
): AsyncGenerator<Uint8Array> {
  const chunks = body[Symbol.asyncIterator]();
  const splitter = new DocumentSplitter();
  let heardAtMs = clock.monotonicMs();
  try {
    for (;;) {
      const deadlineMs = heardAtMs + silenceMsMax - clock.monotonicMs();
      const next = await withinDeadline(() => chunks.next(), deadlineMs, {
        clock,
        signal,
        error: () => silent(silenceMsMax),
      });
      if (next.done) break;
      for (const document of splitter.push(next.value)) {
        yield document;
        heardAtMs = clock.monotonicMs();
      }
    }
    splitter.finish();
  } finally {
    // Nobody waits for it: a stream that is being read may end no sooner than it has something.
    chunks.return?.().catch(() => undefined);
  }
}

const OPEN = 0x3c; // <
const CLOSE = 0x3e; // >
const SLASH = 0x2f;
const QUOTES: readonly number[] = [0x22, 0x27];

/** Markup that nothing in it ends but its terminator. */
const OPAQUE = [
  { start: Buffer.from("<!--"), end: Buffer.from("-->") },
  { start: Buffer.from("<![CDATA["), end: Buffer.from("]]>") },
  { start: Buffer.from("<?"), end: Buffer.from("?>") },
] as const;
const OPAQUE_START_MAX = 9;

/**
 * Follows the XML grammar just far enough to know where a root element ends. Whether the document is
 * well-formed is for the parser to say.
 */
class DocumentSplitter {
  #bytes = Buffer.alloc(4 * 1024);
  #length = 0;
  /** Elements that are open. */
  #depth = 0;
  /** Where the markup that is being read begins; below 0: none is. */
  #markupAt = -1;
  #quote = 0;
  #opaqueEnd: Buffer | undefined;

  /** Takes what has arrived; yields the documents it completes. */
  *push(chunk: Uint8Array): Generator<Uint8Array> {
    for (const byte of chunk) {
      if (!this.#take(byte)) continue;
      yield this.#bytes.subarray(0, this.#length).slice();
      this.#length = 0;
    }
  }

  /** Nothing more comes. */
  finish(): void {
    if (this.#length > 0) throw corrupt("The answer ends in the middle");
  }

  /** True if the byte completes a document. */
  #take(byte: number): boolean {
    if (this.#markupAt < 0) {
      if (byte !== OPEN && this.#depth === 0) {
        // Between documents there is nothing but white space and byte order marks.
        if (byte > 0x20 && byte < 0x80) throw corrupt("The answer has text beside its documents");
        return false;
      }
      if (byte === OPEN) this.#markupAt = this.#length;
      this.#append(byte);
      return false;
    }
    this.#append(byte);
    return this.#opaqueEnd ? this.#endOpaque(this.#opaqueEnd) : this.#readTag(byte);
  }

  #endOpaque(end: Buffer): boolean {
    const tail = this.#bytes.subarray(Math.max(0, this.#length - end.length), this.#length);
    if (!end.equals(tail)) return false;
    this.#opaqueEnd = undefined;
    this.#markupAt = -1;
    return false;
  }

  #readTag(byte: number): boolean {
    const markup = this.#bytes.subarray(this.#markupAt, this.#length);
    if (markup.length <= OPAQUE_START_MAX) {
      this.#opaqueEnd = OPAQUE.find(({ start }) => start.equals(markup))?.end;
      if (this.#opaqueEnd) return false;
    }
    if (this.#quote !== 0) {
      if (byte === this.#quote) this.#quote = 0;
      return false;
    }
    if (QUOTES.includes(byte)) this.#quote = byte;
    return byte === CLOSE && this.#endTag(markup);
  }

  #endTag(tag: Buffer): boolean {
    this.#markupAt = -1;
    if (tag[1] === 0x21) throw corrupt("The answer has a document type definition");
    if (tag[1] === SLASH) this.#depth--;
    else if (tag.at(-2) !== SLASH) this.#depth++;
    if (this.#depth < 0) throw corrupt("The answer ends an element that has not begun");
    return this.#depth === 0;
  }

  #append(byte: number): void {
    if (this.#length === LIMITS.streamedDocumentBytesMax) throw tooLarge();
    if (this.#length === this.#bytes.length) {
      this.#bytes = Buffer.concat([this.#bytes], this.#bytes.length * 2);
    }
    this.#bytes[this.#length++] = byte;
  }
}

function silent(silenceMsMax: number): SyncError {
  return new SyncError(
    "retryable",
    "StreamSilent",
    `The server has sent nothing for ${Math.round(silenceMsMax / 1_000)} s, not even a heartbeat`,
    {
      hint: "Check that no proxy or firewall before the server holds answers back until they are " +
        "whole, or cuts quiet connections",
    },
  );
}

function corrupt(message: string): SyncError {
  return new SyncError("retryable", "ResponseCorrupt", message);
}

function tooLarge(): SyncError {
  return new SyncError(
    "retryable",
    "ResponseTooLarge",
    "A notification is larger than any should be",
    {
      hint: "Check that the endpoint is Exchange Web Services and not another service",
    },
  );
}
