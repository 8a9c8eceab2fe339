import type { SyncError } from "../core/errors.ts";
import type { DeliveryCounts } from "../core/observer.ts";
import type { FolderSyncState } from "../core/sync_state.ts";
import type { Detail } from "./detail.ts";
import { folderDocument, timeAs } from "./folder_document.ts";
import type { FolderProgress, MailboxRecord, Throttle } from "./mailbox_record.ts";
import { leftOf, type MailboxSummary } from "./mailbox_summary.ts";
import type {
  ConditionDocument,
  EmailCountsDocument,
  ErrorDocument,
  FolderDocument,
  MailboxDocument,
  MailboxName,
  ThrottleDocument,
} from "./status_document.ts";

/** Folders of one mailbox in a document; those that need a person come first. */
const FOLDERS_MAX = 300;
const SKIPPED_EMAILS_MAX = 100;
/** A server's words and a path are cut after so much: a document stays small whatever they hold. */
const TEXT_CHARACTERS_MAX = 500;
const PATH_NAMES_MAX = 50;

/** `Client 9` before `Client 10`. */
const ORDER = new Intl.Collator("en", { numeric: true });

/** A mailbox as a document shows it; folders only where there is full detail. */
export function mailboxDocument(
  summary: MailboxSummary,
  { detail, withFolders }: { readonly detail: Detail; readonly withFolders: boolean },
): MailboxDocument {
  const { record, state, folders, left, syncedUntil, skipped, rebuilt, skippedByCode } = summary;
  const { throttle } = record;
  return {
    ...mailboxName(summary, detail),
    state,
    condition: conditionDocument(record, detail),
    ...(throttle ? { throttled: throttleDocument(throttle, detail) } : {}),
    listening: record.isListenedTo,
    ...timeAs("synced_until", syncedUntil),
    ...timeAs("last_success_at", record.lastSuccessAt),
    folder_counts: folders,
    left,
    emails: emailCounts(record.counts),
    delivered_last_hour: summary.deliveredLastHour,
    skipped,
    skipped_by_code: Object.fromEntries(skippedByCode),
    rebuilt,
    ...(withFolders && detail === "full" ? { folders: folderDocuments(record) } : {}),
  };
}

export function mailboxName({ number, record }: MailboxSummary, detail: Detail): MailboxName {
  return detail === "full" ? { number, mailbox: record.mailbox.address } : { number };
}

/** A failure: what a server said and what to do about it may name addresses and folders. */
export function errorDocument(
  { code, message, hint }: Pick<SyncError, "code" | "message" | "hint">,
  detail: Detail,
): ErrorDocument {
  if (detail === "summary") return { code };
  return { code, reason: cut(message), ...(hint === undefined ? {} : { hint: cut(hint) }) };
}

export function throttleDocument({ error, until }: Throttle, detail: Detail): ThrottleDocument {
  return { ...errorDocument(error, detail), until: until.toISOString() };
}

function conditionDocument({ condition }: MailboxRecord, detail: Detail): ConditionDocument {
  const { phase, since, until, error } = condition;
  return {
    phase,
    since: since.toISOString(),
    ...timeAs("until", until),
    ...(error ? { error: errorDocument(error, detail) } : {}),
  };
}

function emailCounts(counts: DeliveryCounts): EmailCountsDocument {
  const { delivered, skipped, vanished, ignored, filtered, rebuilt, bytes } = counts;
  return {
    delivered,
    already_stored: counts.alreadyStored,
    skipped,
    vanished,
    ignored,
    filtered,
    rebuilt,
    bytes,
  };
}

function folderDocuments(record: MailboxRecord): readonly FolderDocument[] {
  const known = record.states.map((state) => liveFolder(record, state));
  const stated = new Set(record.states.map(({ folder }) => folder.id));
  const unstated = [...record.folders].filter(([id]) => !stated.has(id))
    .map(([, progress]) => unseenFolder(progress));
  return [...known, ...unstated].sort(byUrgency).slice(0, FOLDERS_MAX);
}

function liveFolder(record: MailboxRecord, state: FolderSyncState): FolderDocument {
  const progress = record.folders.get(state.folder.id);
  return {
    ...folderDocument(state, SKIPPED_EMAILS_MAX),
    path: shortPath(state.folder.path),
    left: leftOf(record, state),
    ...failureOf(progress),
  };
}

/** A folder whose first pass has not written a state yet. */
function unseenFolder(progress: FolderProgress): FolderDocument {
  const none = { count: 0, by_code: {}, emails: [] };
  return {
    path: shortPath(progress.path),
    state: "first_sight",
    backlog: true,
    skipped: none,
    rebuilt: none,
    left: progress.left,
    ...failureOf(progress),
  };
}

function failureOf(progress: FolderProgress | undefined): Pick<FolderDocument, "failure"> {
  const { failure } = progress ?? {};
  if (!failure) return {};
  return { failure: { ...errorDocument(failure.error, "full"), at: failure.at.toISOString() } };
}

function shortPath(path: readonly string[]): readonly string[] {
  return path.slice(0, PATH_NAMES_MAX).map(cut);
}

function byUrgency(a: FolderDocument, b: FolderDocument): number {
  return urgencyOf(b) - urgencyOf(a) || ORDER.compare(a.path.join("/"), b.path.join("/"));
}

function urgencyOf({ failure, skipped, backlog, gone_since }: FolderDocument): number {
  if (gone_since) return -1;
  return (failure ? 4 : 0) + (skipped.count > 0 ? 2 : 0) + (backlog ? 1 : 0);
}

function cut(text: string): string {
  if (text.length <= TEXT_CHARACTERS_MAX) return text;
  // By code points, so that no surrogate pair is torn.
  return `${[...text.slice(0, 2 * TEXT_CHARACTERS_MAX)].slice(0, TEXT_CHARACTERS_MAX).join("")}…`;
}
