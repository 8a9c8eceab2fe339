import { LIMITS } from "../core/limits.ts";

/**
 * How many items a GetItem for content asks for: ten, as Microsoft advises, and more while answers come
 * soon. The advice keeps requests short, and so does this: where the server takes its time with an
 * item, or with all of them, it stays at ten; where it answers at once, or is far away, most of what
 * a request costs is the request.
 */
export class FetchSize {
  #items: number = LIMITS.fetchItemsMin;

  /** Items to ask for next. */
  get items(): number {
    return this.#items;
  }

  /** Notes how long a request for `items` took, to the end of its answer, in ms. */
  answered(items: number, tookMs: number): void {
    const { fetchItemsMax, fetchSoonMs, fetchLateMs } = LIMITS;
    const isFull = items >= this.#items;
    if (tookMs > fetchLateMs) this.#shrink();
    else if (isFull && tookMs < fetchSoonMs) {
      this.#items = Math.min(fetchItemsMax, this.#items * 2);
    }
  }

  /** Notes that a request was not answered: it may have been too large. */
  failed(): void {
    this.#shrink();
  }

  #shrink(): void {
    this.#items = Math.max(LIMITS.fetchItemsMin, this.#items / 2);
  }
}
