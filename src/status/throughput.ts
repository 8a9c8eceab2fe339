/** Length of one bucket, ms. */
export const BUCKET_MS = 60_000;
const BUCKETS = 60;

/** What was delivered in each minute of the last hour, oldest first; the last minute is not over. */
export interface HourOfThroughput {
  readonly emails: readonly number[];
  /** MIME bytes. */
  readonly bytes: readonly number[];
}

export const NO_THROUGHPUT: HourOfThroughput = {
  emails: new Array(BUCKETS).fill(0),
  bytes: new Array(BUCKETS).fill(0),
};

/** Counts deliveries by the minute, for one hour: a ring that never grows. Times are monotonic. */
export class Throughput {
  readonly #emails = new Uint32Array(BUCKETS);
  readonly #bytes = new Float64Array(BUCKETS);
  #newest = 0;

  add(emails: number, bytes: number, nowMs: number): void {
    const at = this.#advance(nowMs);
    this.#emails[at]! += emails;
    this.#bytes[at]! += bytes;
  }

  read(nowMs: number): HourOfThroughput {
    const oldest = this.#advance(nowMs) + 1;
    const inOrder = (ring: Uint32Array | Float64Array) =>
      Array.from(ring, (_, index) => ring[(oldest + index) % BUCKETS]!);
    return { emails: inOrder(this.#emails), bytes: inOrder(this.#bytes) };
  }

  /** Empties the buckets of minutes in which nothing was added. Gives the index of the current one. */
  #advance(nowMs: number): number {
    const current = Math.floor(nowMs / BUCKET_MS);
    const passed = Math.min(BUCKETS, current - this.#newest);
    for (let back = 0; back < passed; back++) {
      const index = (current - back) % BUCKETS;
      this.#emails[index] = 0;
      this.#bytes[index] = 0;
    }
    this.#newest = current;
    return current % BUCKETS;
  }
}

/** Emails of the whole hour. */
export function emailsOf({ emails }: HourOfThroughput): number {
  return emails.reduce((sum, count) => sum + count, 0);
}
