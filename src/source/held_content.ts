import { LIMITS } from "../core/limits.ts";

/**
 * What requests in flight together may hold is shared among them: sizes that were stated too small
 * then cost a second request, not memory.
 */
const REQUEST_HELD_BYTES_MAX = LIMITS.heldMimeBytesTotal / LIMITS.fetchesInFlight;

/** Collects the MIME content of one answer and drops what turns out to be too large. */
export class HeldContent {
  /** Chunks by `MimeContent` element; `undefined` for dropped ones. */
  readonly #items = new Map<number, { chunks: Uint8Array[] | undefined; bytes: number }>();
  #bytes = 0;

  add(index: number, bytes: Uint8Array): void {
    const item = this.#items.get(index) ?? { chunks: [], bytes: 0 };
    this.#items.set(index, item);
    if (!item.chunks) return;
    item.chunks.push(bytes);
    item.bytes += bytes.length;
    this.#bytes += bytes.length;
    if (item.bytes <= LIMITS.heldMimeBytesMax && this.#bytes <= REQUEST_HELD_BYTES_MAX) return;
    item.chunks = undefined;
    this.#bytes -= item.bytes;
  }

  isEmpty(index: number): boolean {
    return !this.#items.has(index);
  }

  /** `undefined` if the content was too large to be held. */
  chunks(index: number): readonly Uint8Array[] | undefined {
    return this.#items.get(index)?.chunks;
  }
}
