import type { EmailRecord, ItemDescription, RawEmail } from "./email.ts";
import type { CallOptions } from "./env.ts";
import type { SyncError } from "./errors.ts";
import type { Folder, Mailbox } from "./mailbox.ts";
import type { MimeContent } from "./mime_content.ts";
import type { BackfillPosition, FolderSyncState, MailboxCondition } from "./sync_state.ts";

/** A mailbox and one of its folders. */
export interface FolderOf {
  readonly mailbox: Mailbox;
  readonly folder: Folder;
}

/**
 * Where emails come from. Reads only; nothing in a mailbox is ever changed.
 *
 * Every method rejects with a `SyncError` when it knows nothing about any of what was asked, after
 * it has spent its own retry budget, and with the signal's reason when aborted.
 */
export interface MailSource {
  /** Which protocol's ids and tokens it gives. */
  readonly api: "ews" | "graph";

  /** One harmless call that shows whether the server can be reached, trusted and signed in to. */
  probe(mailbox: Mailbox, options: CallOptions): Promise<void>;

  /** The mail folders to sync, parents before children (spec section 3). */
  folders(mailbox: Mailbox, options: CallOptions): Promise<FolderListing>;

  /**
   * One page of what changed in a folder after `token`, ids only, in the source's order. Without a
   * token: everything in it. A token the server no longer accepts rejects with kind `folder` and
   * code `SyncStateInvalid`; a folder that is gone with kind `folder` and code `FolderGone`.
   */
  changes(at: FolderOf, options: ChangesOptions): Promise<ChangePage>;

  /**
   * One page of a folder's items in ascending `order`, from `position` on. Rejects with kind
   * `folder` and code `ListingUnavailable` if the server cannot order this folder in time.
   */
  list(at: FolderOf, options: ListOptions): Promise<ListPage>;

  /** Properties of items without their MIME content; one outcome for each id, in order. */
  describe(
    at: FolderOf,
    itemIds: readonly string[],
    options: CallOptions,
  ): Promise<readonly DescribeOutcome[]>;

  /**
   * MIME content of items; one outcome for each, in order. Content of at most
   * `LIMITS.heldMimeBytesMax` is held in memory, larger content is fetched when it is opened.
   */
  fetch(
    at: FolderOf,
    items: readonly ItemDescription[],
    options: CallOptions,
  ): Promise<readonly FetchOutcome[]>;

  /**
   * MIME content made from the properties and attachments of an item whose own content failed with
   * `because` (kind `item`), as far as the server gives those; marked by the header field
   * `X-Reinfer-Ews-Rebuilt: 1`. The outcome is `because` itself where that cannot help.
   */
  rebuild(
    at: FolderOf,
    item: ItemDescription,
    because: SyncError,
    options: CallOptions,
  ): Promise<FetchOutcome>;
}

/**
 * Rings for mailboxes in which something may have arrived. A ring is a hint and nothing else: one
 * that is missing costs the wait for the next poll, one too many a look. What rings, and whether
 * anything does, is the bell's own business: it never fails whoever listens.
 */
export interface MailboxBell {
  /**
   * Calls `ring` whenever something may have arrived, as often as that may be, until it is disposed
   * of. To be called once for a mailbox at a time.
   */
  listen(mailbox: Mailbox, ring: () => void): Disposable;
}

/** What `check` asks of a source beside what a sync does. Rejects as `MailSource` does. */
export interface MailSurvey {
  /**
   * How many items of a folder were received at or after `since`, as the server counts them: filters
   * and item classes are not looked at.
   */
  countItems(at: FolderOf, since: Date, options: CallOptions): Promise<number>;

  /** Places of a mailbox that hold items and are never synced (spec section 3), e.g. its archive. */
  unsyncedPlaces(mailbox: Mailbox, options: CallOptions): Promise<readonly string[]>;
}

export interface FolderListing {
  readonly folders: readonly Folder[];
  /** The server's own clock (HTTP `Date`) when it answered. */
  readonly serverTime: Date;
}

export interface ChangesOptions extends CallOptions {
  readonly token: string | undefined;
  /** At most this many changes; the source may give fewer. */
  readonly limit: number;
}

export interface Change {
  /** `createOrUpdate`: arrived here or changed here; the source cannot tell which. */
  readonly kind: "create" | "update" | "createOrUpdate" | "delete" | "readFlag";
  readonly itemId: string;
}

export interface ChangePage {
  readonly changes: readonly Change[];
  /** Opaque; continues after this page. */
  readonly token: string;
  /** False if more changes wait behind `token`. */
  readonly complete: boolean;
}

export interface ListOptions extends CallOptions {
  /**
   * By which time items are ordered and chosen. `received`: one without received time counts at its
   * creation time. `modified`: every item has one; flags and moves change it.
   */
  readonly order: "received" | "modified";
  /** A position of the same order. Absent: from the oldest item. */
  readonly position: BackfillPosition | undefined;
  /** Only items of that time or later. */
  readonly since: Date | undefined;
  /** Only items of an earlier time. */
  readonly until: Date | undefined;
  readonly limit: number;
}

export interface ListPage {
  readonly itemIds: readonly string[];
  /** Where the next page begins; absent when the end of the folder was reached. */
  readonly next?: BackfillPosition;
  /** Time of the order up to which, exclusive, this and all earlier pages cover the folder. */
  readonly coveredUntil?: Date;
}

/** An item that was gone when asked for has kind `item` and code `ErrorItemNotFound`. */
export type DescribeOutcome =
  | { readonly itemId: string; readonly item: ItemDescription }
  | { readonly itemId: string; readonly error: SyncError };

export type FetchOutcome =
  | { readonly itemId: string; readonly mime: MimeContent }
  | { readonly itemId: string; readonly error: SyncError };

/** Where emails are stored. */
export interface Sink {
  /** Writes, reads and deletes one small object; rejects with kind `destination` if that fails. */
  probe(options: CallOptions): Promise<void>;

  /** The part of one mailbox. Only while its lock (`StateStore.open`) is held. */
  open(mailbox: Mailbox, options: CallOptions): Promise<MailboxSink>;
}

/** Emails of one mailbox. Rejects with kind `destination` when the sink as a whole fails. */
export interface MailboxSink {
  /**
   * For emails whose content may be stored already: brings the stored metadata up to date and tells
   * what is stored. What is not complete must be delivered with `put`.
   */
  refresh(records: readonly EmailRecord[], options: RefreshOptions): Promise<StoredKeys>;

  /** The key of every email that is stored complete, in no order. */
  keys(options: CallOptions): AsyncIterable<string>;

  /**
   * Stores emails under their ids; storing one twice has the effect of once, and the last wins.
   * One outcome for each, in order, and only when it is durable, refused for good, or its source
   * failed (the source's own `SyncError`, nothing of it stored). A rebuilt email never takes the
   * place of a stored original, and counts as stored then. The keys of a call are distinct. Of what
   * counts as stored nothing is read afterwards.
   */
  put(emails: readonly RawEmail[], options: CallOptions): Promise<readonly PutOutcome[]>;
}

/** Keys of emails that are stored. */
export interface StoredKeys {
  /** As Exchange gave them. */
  readonly complete: ReadonlySet<string>;
  /** Only as far as they could be rebuilt: it is the original that is wanted. */
  readonly rebuilt: ReadonlySet<string>;
}

export interface RefreshOptions extends CallOptions {
  /**
   * Emails received at or after it whose stored size or attachments are not the record's count as
   * not stored and keep what is stored of them: their content has changed (spec section 3).
   */
  readonly volatileSince: Date;
  /**
   * Whose stored metadata is brought up to date: everything's, only that of emails which are stored
   * under another folder, or nothing's. What is to be rewritten and cannot be is not stored.
   */
  readonly rewrite: "always" | "moved" | "never";
}

export type PutOutcome =
  | { readonly key: string; readonly stored: true; readonly sizeBytes: number }
  | {
    readonly key: string;
    readonly stored: false;
    readonly error: SyncError;
    /** The sink will not have the email, however its content is made; absent: its source failed. */
    readonly refused?: true;
  };

/** Durable progress. */
export interface StateStore {
  /**
   * Takes a mailbox for this process and loads its states. Rejects with kind `mailbox` and code
   * `MailboxLocked` while another process holds it, and with kind `fatal` and code
   * `StateFormatNewer` for a state a newer version wrote.
   */
  open(mailbox: Mailbox, options: CallOptions): Promise<MailboxStateStore>;

  /**
   * What is stored of a mailbox, whoever holds it; changes nothing. Unreadable states are named,
   * not kept aside. Rejects with kind `fatal` and code `StateFormatNewer` as `open` does.
   */
  read(mailbox: Mailbox, options: CallOptions): Promise<MailboxStates>;
}

export interface MailboxStates {
  readonly folders: readonly FolderSyncState[];
  /** How the mailbox as a whole was when that was last written; absent before. */
  readonly condition?: MailboxCondition;
  /** Names of states that cannot be read. */
  readonly unreadable: readonly string[];
}

/**
 * States of one mailbox, which this process alone may write until it is disposed. Once somebody else
 * has taken the mailbox all the same, every write rejects with kind `mailbox`, code `MailboxLost`.
 */
export interface MailboxStateStore extends AsyncDisposable {
  /** As found at `open`; garbage was kept aside and reported, and its folder is absent here. */
  readonly loaded: readonly FolderSyncState[];
  /**
   * Where the folders begin that have no state when a mailbox is synced first: another program has
   * come so far with it (spec section 5, rule 8). Absent: at their oldest email.
   */
  readonly startAt?: Date | undefined;
  /** Replaces the state of one folder; durable when it resolves. */
  save(state: FolderSyncState, options: CallOptions): Promise<void>;
  /** Forgets the state of one folder; one that is absent counts as forgotten. */
  remove(folderId: string, options: CallOptions): Promise<void>;
  /** Replaces what is written of the mailbox as a whole. */
  saveCondition(condition: MailboxCondition, options: CallOptions): Promise<void>;
}
