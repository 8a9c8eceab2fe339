import { LIMITS } from "../core/limits.ts";

/**
 * How many items of a listing make a page, in one mailbox: as many as are settled within seconds.
 *
 * A process that ends throws away the page it was at, and to a sink that cannot tell what it stores
 * that page is delivered again. With pages that take longer than a process lives, as they do where
 * the server is slow or `poll_message_sleep` makes us so, a folder would never come to its end. So
 * the first page of a process is small, and the next ones grow while there is time.
 */
export class PageSize {
  #items: number = LIMITS.listPageItemsMin;

  /** Items to list next. */
  get items(): number {
    return this.#items;
  }

  /** Notes how long it took to settle a page of `items`, in ms. */
  settled(items: number, tookMs: number): void {
    const isFull = items >= this.#items;
    if (tookMs > LIMITS.listPageMs) this.#become(Math.min(this.#items, items), tookMs);
    else if (isFull) this.#become(this.#items, tookMs);
  }

  /** What fits the time at the speed of `items` in `tookMs`, at most twice as many. */
  #become(items: number, tookMs: number): void {
    const { listPageItemsMin, listPageItemsMax, listPageMs } = LIMITS;
    const fitting = Math.floor(items * Math.min(2, listPageMs / Math.max(tookMs, 1)));
    this.#items = Math.min(listPageItemsMax, Math.max(listPageItemsMin, fitting));
  }
}
