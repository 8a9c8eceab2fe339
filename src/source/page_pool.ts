import { LIMITS } from "../core/limits.ts";

/** Bytes of a page: most emails fit into one. */
export const PAGE_BYTES = 64 * 1024;

/**
 * Memory for the MIME content of emails in work, used again and again. Left to the garbage collector
 * it would be most of what a sync throws away, and lie about until it is looked for: what is resident
 * at full speed would be garbage in the main.
 *
 * The page that came back last is given out first, so that no more pages are in use than are needed at
 * one time. A page that never comes back is collected as anything else.
 */
export class PagePool {
  readonly #free: Uint8Array<ArrayBuffer>[] = [];

  /** A page of `PAGE_BYTES` that nobody else has; what is in it is anything. */
  take(): Uint8Array<ArrayBuffer> {
    return this.#free.pop() ?? new Uint8Array(PAGE_BYTES);
  }

  /** Takes back a page that nobody reads any more. */
  give(page: Uint8Array<ArrayBuffer>): void {
    if (this.#free.length < LIMITS.sparePagesMax) this.#free.push(page);
  }
}
