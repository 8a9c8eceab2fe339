import type { StatusDocument } from "../status/status_document.ts";

/** Between two looks, ms. After failures it grows up to the greater one. */
const POLL_MS = 2_000;
const RETRY_MS_MAX = 10_000;
/** An instance that takes longer counts as lost, ms. */
const ANSWER_MS_MAX = 10_000;

/** What the page knows, and how old that is. */
export interface FeedState {
  readonly document?: StatusDocument;
  /** When that was so, by the clock of the instance. */
  readonly asOf?: Date;
  /** Why there is nothing newer. */
  readonly lost?: string;
}

/** The browser, as far as the feed needs it. */
export interface FeedEffects {
  fetch(url: string, init: RequestInit): Promise<Response>;
  now(): number;
  /** Calls back after `ms`; gives what calls that off. */
  after(ms: number, callback: () => void): () => void;
  timeout(ms: number): AbortSignal;
}

/**
 * Asks an instance for its status again and again. One question at a time: what was asked for
 * changes the next one and makes the answer to an earlier one void.
 */
export class StatusFeed {
  readonly #effects: FeedEffects;
  readonly #onChange: (state: FeedState) => void;
  #query = "";
  #state: FeedState = {};
  #tag: string | undefined;
  #failures = 0;
  /** Of the instance's clock ahead of ours, ms. */
  #clockAheadMs = 0;
  #asking = 0;
  #callOff: (() => void) | undefined;

  constructor(effects: FeedEffects, onChange: (state: FeedState) => void) {
    this.#effects = effects;
    this.#onChange = onChange;
  }

  get state(): FeedState {
    return this.#state;
  }

  /** The instance's time now. */
  get now(): Date {
    return new Date(this.#effects.now() + this.#clockAheadMs);
  }

  /** Asks for this from now on, at once. */
  follow(query: string): void {
    if (query !== this.#query) this.#tag = undefined;
    this.#query = query;
    this.#ask();
  }

  /** Asks nothing until `follow` is called again. */
  pause(): void {
    this.#asking++;
    this.#callOff?.();
  }

  async #ask(): Promise<void> {
    this.#callOff?.();
    const asking = ++this.#asking;
    const state = await this.#answer();
    if (asking !== this.#asking) return;
    this.#failures = state.lost === undefined ? 0 : this.#failures + 1;
    this.#state = state;
    this.#onChange(state);
    const delayMs = Math.min(RETRY_MS_MAX, POLL_MS * Math.max(1, this.#failures));
    this.#callOff = this.#effects.after(delayMs, () => void this.#ask());
  }

  async #answer(): Promise<FeedState> {
    try {
      const headers = this.#tag === undefined ? undefined : { "if-none-match": this.#tag };
      const response = await this.#effects.fetch(`/status.json?${this.#query}`, {
        cache: "no-store",
        signal: this.#effects.timeout(ANSWER_MS_MAX),
        ...(headers ? { headers } : {}),
      });
      if (response.status === 304) {
        const { document } = this.#state;
        return { ...(document ? { document } : {}), ...this.#asOf(response) };
      }
      if (!response.ok) throw new Error(`The instance answers ${response.status}`);
      const document: StatusDocument = await response.json();
      this.#tag = response.headers.get("etag") ?? undefined;
      return { document, ...this.#asOf(response) };
    } catch (error) {
      const lost = error instanceof Error ? error.message : String(error);
      return { ...this.#state, lost };
    }
  }

  #asOf({ headers }: Response): { readonly asOf: Date } {
    const theirs = Date.parse(headers.get("date") ?? "");
    const ours = this.#effects.now();
    // `Date` has whole seconds: clocks that differ by less are the same.
    const aheadMs = Number.isNaN(theirs) ? 0 : theirs - ours;
    this.#clockAheadMs = Math.abs(aheadMs) < 2_000 ? 0 : aheadMs;
    return { asOf: this.now };
  }
}
