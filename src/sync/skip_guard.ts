import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";

/** An item that was given up, and where it lies. */
export interface GivenUp {
  readonly folderId: string;
  readonly itemId: string;
}

/**
 * Keeps skips from running away (spec section 7): when `LIMITS.skipsInARowMax` items of a mailbox in
 * a row were given up for the same reason, it is no longer those emails that are at fault, and the
 * mailbox is suspended. What is given up then is remembered, to be tried first afterwards.
 */
export class SkipGuard {
  #run: { readonly code: string; readonly items: readonly GivenUp[] } | undefined;

  /** The items of the run that suspended the mailbox; none if it was not suspended for that. */
  takeRun(): readonly GivenUp[] {
    const items = this.#run?.items ?? [];
    if (items.length < LIMITS.skipsInARowMax) return [];
    this.#run = undefined;
    return items;
  }

  /** One item was delivered. */
  delivered(): void {
    this.#run = undefined;
  }

  /**
   * One item is given up with `error`.
   *
   * @throws SyncError of kind `mailbox`, code `SkipsRunAway`, when that makes too many in a row.
   */
  skipped(item: GivenUp, error: SyncError): void {
    const { code } = error;
    const items = this.#run?.code === code ? [...this.#run.items, item] : [item];
    this.#run = { code, items };
    if (items.length < LIMITS.skipsInARowMax) return;
    throw new SyncError(
      "mailbox",
      "SkipsRunAway",
      `${items.length} emails in a row failed with ${code}: ${error.message}`,
      {
        cause: error,
        hint: error.hint ??
          "Check the health of this mailbox and its database (Get-MailboxStatistics ADDRESS); " +
            "nothing was given up, and these emails are tried first when it works again",
      },
    );
  }
}
