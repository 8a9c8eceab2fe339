import type { ErrorKind, SyncError } from "../core/errors.ts";

/**
 * - `retry`: passes by itself; tried again until the time budget is spent.
 * - `retryFew`: may pass by itself, or may be a poisonous item: a few times, then `asked`.
 * - `retryThenMailbox`: may pass by itself and is no item's fault: a few times, then `mailbox`.
 * - `asked`: holds for what was asked for: one item, one folder, or the mailbox.
 * - `mailbox`: holds for the whole mailbox whatever was asked for.
 */
export type Reaction = "retry" | "retryFew" | "retryThenMailbox" | "asked" | "mailbox";

/** What an error code means for whoever asked. */
export interface Meaning {
  readonly reaction: Reaction;
  readonly hint?: string;
}

/** What a request asked for, hence how far a refusal of it reaches. */
export type Reach = "item" | "folder" | "mailbox";

/** How often a failure that may never pass is tried. */
export const ATTEMPTS_FEW = 5;

/** Reactions to what is tried `ATTEMPTS_FEW` times. */
const FEW: ReadonlySet<Reaction> = new Set(["retryFew", "retryThenMailbox"]);

/** Failures of an answer that its content may have caused, hence one item every time. */
const ANSWER_FAILURES: ReadonlySet<string> = new Set([
  "ResponseCorrupt",
  "ResponseIncomplete",
  "ResponseCutShort",
]);

/** What failures mean that are in no protocol's table: those of the network, say. */
const FOREIGN_MEANING: Meaning = { reaction: "retry" };

/** The error codes of one protocol and what follows from them. */
export class FailureTable {
  readonly #meanings: Readonly<Record<string, Meaning>>;

  constructor(meanings: Readonly<Record<string, Meaning>>) {
    this.#meanings = meanings;
  }

  has(code: string): boolean {
    return Object.hasOwn(this.#meanings, code);
  }

  meaningOf(code: string): Meaning {
    return this.has(code) ? this.#meanings[code]! : FOREIGN_MEANING;
  }

  /** How often a request that fails with this code is sent at most. */
  attemptsMaxOf(code: string): number {
    return FEW.has(this.meaningOf(code).reaction) ? ATTEMPTS_FEW : Infinity;
  }

  /**
   * Whether one poisonous item may be behind this failure of a request for items. It is isolated,
   * and given up after `ATTEMPTS_FEW`: it must not block its folder for ever.
   */
  mayBeItemsFault({ kind, code }: SyncError): boolean {
    return kind === "retryable" &&
      (ANSWER_FAILURES.has(code) || this.meaningOf(code).reaction === "retryFew");
  }

  /** The radius of an error that is not tried again: one that was tried a few times has its own. */
  kindWhenGivenUp({ kind, code }: SyncError, reach: Reach): ErrorKind {
    const { reaction } = this.meaningOf(code);
    if (kind !== "retryable" || !FEW.has(reaction)) return kind;
    return reaction === "retryFew" ? reach : "mailbox";
  }
}

/** The radius of an error with this reaction where `reach` was asked for. */
export function kindOfReaction(reaction: Reaction, reach: Reach): ErrorKind {
  switch (reaction) {
    case "retry":
    case "retryFew":
    case "retryThenMailbox":
      return "retryable";
    case "asked":
      return reach;
    case "mailbox":
      return "mailbox";
  }
}
