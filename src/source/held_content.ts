import { LIMITS } from "../core/limits.ts";
import { heldMimeContent, type MimeContent } from "../core/mime_content.ts";
import { PAGE_BYTES, type PagePool } from "./page_pool.ts";

/**
 * What requests in flight together may hold is shared among them: sizes that were stated too small
 * then cost a second request, not memory.
 */
const REQUEST_HELD_BYTES_MAX = LIMITS.heldMimeBytesTotal / LIMITS.fetchesInFlight;

/** Collects the MIME content of one answer and drops what turns out to be too large. */
export class HeldContent {
  readonly #pool: PagePool;
  /** By `MimeContent` element; `undefined` for dropped ones. */
  readonly #items = new Map<number, PagedContent | undefined>();
  #bytes = 0;

  constructor(pool: PagePool) {
    this.#pool = pool;
  }

  /** Copies the next bytes of an element. */
  add(index: number, bytes: Uint8Array): void {
    const item = this.#items.has(index) ? this.#items.get(index) : new PagedContent(this.#pool);
    this.#items.set(index, item);
    if (!item) return;
    item.append(bytes);
    this.#bytes += bytes.length;
    const isHeld = item.bytes <= LIMITS.heldMimeBytesMax && this.#bytes <= REQUEST_HELD_BYTES_MAX;
    if (isHeld) return;
    this.#items.set(index, undefined);
    this.#bytes -= item.bytes;
    item.release();
  }

  isEmpty(index: number): boolean {
    return !this.#items.has(index);
  }

  /** Whether the content was too large to be held. */
  isDropped(index: number): boolean {
    return this.#items.has(index) && !this.#items.get(index);
  }

  /** `undefined` if the content was too large to be held, or never came. To be asked for once. */
  content(index: number): MimeContent | undefined {
    const item = this.#items.get(index);
    return item && heldMimeContent(item.chunks, () => item.release());
  }
}

/** Bytes in pages of their own. */
class PagedContent {
  readonly #pool: PagePool;
  #pages: Uint8Array<ArrayBuffer>[] = [];
  #bytes = 0;

  constructor(pool: PagePool) {
    this.#pool = pool;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** All of it, page by page. */
  get chunks(): readonly Uint8Array[] {
    return this.#pages.map((page, index) => page.subarray(0, this.#bytes - index * PAGE_BYTES));
  }

  append(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length;) {
      const at = this.#bytes % PAGE_BYTES;
      if (at === 0) this.#pages.push(this.#pool.take());
      const to = Math.min(bytes.length, from + PAGE_BYTES - at);
      this.#pages.at(-1)!.set(bytes.subarray(from, to), at);
      this.#bytes += to - from;
      from = to;
    }
  }

  /** Nothing of it may be read afterwards. May be called again. */
  release(): void {
    for (const page of this.#pages) this.#pool.give(page);
    this.#pages = [];
  }
}
