/** What a folder says of its content in listings of folders. */
export interface FolderFigures {
  readonly itemCount: number;
  /** When something in it changed last (PidTagLocalCommitTimeMax); absent where the server has none. */
  readonly changedAt?: Date | "garbage";
}

/**
 * How much of the truth folders say about themselves:
 * - `honest`: all of it.
 * - `silent`: not when they changed, as servers do that lack the property.
 * - `frozen`: for ever what they said first, the number of items as well.
 * - `backwards`: an earlier time whenever they are asked.
 * - `garbage`: what is no time.
 */
export const CANDOURS = ["honest", "silent", "frozen", "backwards", "garbage"] as const;
export type Candour = typeof CANDOURS[number];

const BACKWARDS_MS = 1_000;

/** The figures of one mailbox's folders as they are shown. */
export class ShownFigures {
  readonly #candour: Candour;
  /** What they said first, by folder id. */
  readonly #first = new Map<string, FolderFigures>();
  #asked = 0;

  constructor(candour: Candour) {
    this.#candour = candour;
  }

  of(
    folderId: string,
    truth: { readonly itemCount: number; readonly changedAt: Date },
  ): FolderFigures {
    const { itemCount, changedAt } = truth;
    switch (this.#candour) {
      case "honest":
        return truth;
      case "silent":
        return { itemCount };
      case "garbage":
        return { itemCount, changedAt: "garbage" };
      case "backwards": {
        const backMs = BACKWARDS_MS * this.#asked++;
        return { itemCount, changedAt: new Date(changedAt.getTime() - backMs) };
      }
      case "frozen": {
        const first = this.#first.get(folderId) ?? truth;
        this.#first.set(folderId, first);
        return first;
      }
    }
  }
}
