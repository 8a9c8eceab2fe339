/** How polling follows the mail, where it does. */
export interface AdaptivePolling {
  /** The shortest pause between two rounds of a mailbox, ms. */
  readonly pauseMsMin: number;
  /** The same for each of its folders, ms: polling is to leave the requests to the emails. */
  readonly pausePerFolderMs: number;
}

export interface AdaptiveOptions extends AdaptivePolling {
  /** `poll_frequency`, ms: no pause is longer. */
  readonly pauseMsMax: number;
}

/** What a round came to, as far as the pause after it is concerned. */
export interface RoundOutcome {
  readonly folders: number;
  /** Whether anything had arrived. */
  readonly hadMail: boolean;
}

/** A pause without mail is followed by one that is longer by this factor. */
const GROWTH = 1.5;

/**
 * The pauses between the rounds of one mailbox: the shortest after mail, for where mail has come more
 * is likely, growing from round to round without. One for each mailbox.
 */
export class AdaptivePause {
  readonly #options: AdaptiveOptions;
  #lastMs: number;

  constructor(options: AdaptiveOptions) {
    this.#options = options;
    this.#lastMs = options.pauseMsMax;
  }

  /** The pause after a round, ms. */
  after({ folders, hadMail }: RoundOutcome): number {
    const { pauseMsMin, pausePerFolderMs, pauseMsMax } = this.#options;
    const leastMs = Math.max(pauseMsMin, folders * pausePerFolderMs);
    const wantedMs = hadMail ? leastMs : Math.max(leastMs, this.#lastMs * GROWTH);
    this.#lastMs = Math.min(wantedMs, pauseMsMax);
    return this.#lastMs;
  }
}
