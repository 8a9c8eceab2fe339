import type { Folder, Mailbox } from "../core/mailbox.ts";
import type { FolderOf, MailboxSink, MailSource } from "../core/ports.ts";
import type { SkippedItem } from "../core/skipped_item.ts";
import type { Stop } from "./stop.ts";

/** What one mailbox is verified with. */
export interface Verification {
  readonly source: MailSource;
  readonly sink: Pick<MailboxSink, "keys">;
  readonly stop: Stop;
  /** What is on the record as skipped, by item id. */
  readonly skipped: ReadonlyMap<string, SkippedItem>;
  /** Only emails received at or after it; absent: all that are to be synced. */
  readonly since?: Date;
  /**
   * Delivers what is missing in a folder, what is on the record included, and resolves to what went
   * on the record by that; absent: nothing is changed.
   */
  readonly repair?: (at: FolderOf, itemIds: readonly string[]) => Promise<readonly SkippedItem[]>;
  /** Some emails more of a folder were compared. */
  readonly onProgress: (folder: Folder, emails: number) => void;
}

/** An email of the mailbox that is not in the sink. */
export interface MissingEmail {
  readonly folder: Folder;
  readonly itemId: string;
  readonly receivedAt?: Date;
  /** Absent: only its content tells, or not even its properties can be read. */
  readonly id?: string;
  /** Why Exchange does not give it; absent where it is not on the record of skips. */
  readonly skip?: SkippedItem;
}

/** What a folder holds, each email counted once in one of the parts of `emails`. */
export interface FolderVerification {
  readonly folder: Folder;
  /** Emails to sync. */
  readonly emails: number;
  readonly stored: number;
  /** Not in the sink, for no known reason. */
  readonly missing: number;
  /** Not in the sink, and on the record as skipped. */
  readonly skipped: number;
  /** Without a Message-ID property: only their content could tell. */
  readonly untold: number;
  /** Kept out by the lists of participants; not among `emails`. */
  readonly filtered: number;
}

export interface MailboxVerification {
  readonly mailbox: Mailbox;
  readonly folders: readonly FolderVerification[];
  /** The first of those that are missing at the end, and of those on the record as skipped. */
  readonly firstMissing: readonly MissingEmail[];
  readonly firstSkipped: readonly MissingEmail[];
  /** How many were missing and were delivered. */
  readonly repaired: number;
  /**
   * Stored, but in no folder that is synced: normal after deletions. At most `untold` of them are
   * there after all. Absent where only a part of the mailbox was looked at.
   */
  readonly extra?: number;
}
