import type { SyncError } from "./errors.ts";
import type { Folder, Mailbox } from "./mailbox.ts";
import type { FolderSyncState } from "./sync_state.ts";

/** What became of emails, as numbers. */
export interface DeliveryCounts {
  /** Content and metadata newly stored. */
  readonly delivered: number;
  /** Content was stored already; at most the metadata was rewritten. */
  readonly alreadyStored: number;
  /** Given up for now, on the record, for the first time. */
  readonly skipped: number;
  /** Tried again from the record, and still not to be had. */
  readonly stillSkipped: number;
  /** Gone when asked for: moved or deleted meanwhile. */
  readonly vanished: number;
  /** Not emails to sync: drafts, other item classes, received before `start_timestamp`. */
  readonly ignored: number;
  /** Kept out by the lists of participants. */
  readonly filtered: number;
  /** Those of `delivered` whose content was rebuilt. */
  readonly rebuilt: number;
  /** MIME bytes stored by `delivered`. */
  readonly bytes: number;
}

export const NO_COUNTS: DeliveryCounts = {
  delivered: 0,
  alreadyStored: 0,
  skipped: 0,
  stillSkipped: 0,
  vanished: 0,
  ignored: 0,
  filtered: 0,
  rebuilt: 0,
  bytes: 0,
};

export function addCounts(a: DeliveryCounts, b: DeliveryCounts): DeliveryCounts {
  return {
    delivered: a.delivered + b.delivered,
    alreadyStored: a.alreadyStored + b.alreadyStored,
    skipped: a.skipped + b.skipped,
    stillSkipped: a.stillSkipped + b.stillSkipped,
    vanished: a.vanished + b.vanished,
    ignored: a.ignored + b.ignored,
    filtered: a.filtered + b.filtered,
    rebuilt: a.rebuilt + b.rebuilt,
    bytes: a.bytes + b.bytes,
  };
}

/** How many items the counts settle. */
export function settledOf(counts: DeliveryCounts): number {
  return counts.delivered + counts.alreadyStored + counts.skipped + counts.stillSkipped +
    counts.vanished + counts.ignored + counts.filtered;
}

/** What a mailbox is doing; each phase carries exactly its own data. */
export type MailboxPhase =
  | { readonly name: "starting" }
  | { readonly name: "syncing" }
  | { readonly name: "idle" }
  | { readonly name: "backing-off"; readonly error: SyncError; readonly delayMs: number }
  | { readonly name: "suspended"; readonly error: SyncError; readonly delayMs: number }
  | { readonly name: "waiting-for-destination"; readonly error: SyncError }
  /** With the failure that ended it, if one did. */
  | { readonly name: "stopped"; readonly error?: SyncError };

/** Why the destination as a whole is not used, and when it is probed again. */
export interface DestinationTrouble {
  readonly error: SyncError;
  /** Until the next probe, from now. */
  readonly delayMs: number;
}

/** The states of a mailbox's folders as they are whenever somebody looks. */
export interface FolderStatesView {
  all(): readonly FolderSyncState[];
}

/** Watches the engine at work: the terminal's progress, the status page and the metrics. */
export interface Observer {
  phaseChanged(mailbox: Mailbox, phase: MailboxPhase): void;
  /** The mailbox was taken and its states are loaded; a later call replaces the view. */
  statesOpened(mailbox: Mailbox, states: FolderStatesView): void;
  /** The folders of a mailbox as a round begins, with how many items the server counts in each. */
  roundStarted(mailbox: Mailbox, folders: readonly Folder[]): void;
  /** Some items of a folder are settled. */
  settled(mailbox: Mailbox, folder: Folder, counts: DeliveryCounts): void;
  /** A folder's pass ended; `behind` says that its backfill goes on next round. */
  passEnded(mailbox: Mailbox, folder: Folder, behind: boolean): void;
  /** A folder could not be passed over; the others of the round have their turn. */
  passFailed(mailbox: Mailbox, folder: Folder, error: SyncError): void;
  /** The destination as a whole fails, or without trouble works again. */
  destinationChanged(trouble?: DestinationTrouble): void;
}

/** Watches a mail source: its requests, and how long its server makes them wait. */
export interface SourceObserver {
  /** A request came to its end; with the failure, if it failed. */
  requestEnded(operation: string, tookMs: number, error?: SyncError): void;
  /** Nothing of a mailbox is asked for `delayMs` from now; without one, nothing of any. */
  throttled(error: SyncError, delayMs: number, mailbox?: Mailbox): void;
}

/** Watches a mailbox bell. */
export interface BellObserver {
  /** From now on the server tells of what arrives in a mailbox, or no longer does. */
  listeningChanged(mailbox: Mailbox, isListenedTo: boolean): void;
  /** A connection that the server told by was lost, and is there again. */
  reconnected(): void;
}
