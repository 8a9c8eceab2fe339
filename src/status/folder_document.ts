import { nextTryAt, type SkippedItem } from "../core/skipped_item.ts";
import type { FolderSyncState } from "../core/sync_state.ts";
import { hasBacklog, skippedSummary, skipRecordOf, stateNameOf } from "./state_report.ts";
import type { FolderDocument, SkippedEmailDocument, SkipsDocument } from "./status_document.ts";

/** What is known of one folder from its state; at most `emailsMax` skipped emails are named. */
export function folderDocument(state: FolderSyncState, emailsMax = Infinity): FolderDocument {
  const { skipped, rebuilt } = skipRecordOf(state);
  return {
    path: state.folder.path,
    state: stateNameOf(state),
    ...timeAs("gone_since", state.goneSince),
    ...timeAs("synced_until", state.syncedUntil),
    ...timeAs("last_synced_at", state.lastSyncedAt),
    backlog: hasBacklog(state),
    skipped: skipsDocument(skipped, emailsMax),
    rebuilt: skipsDocument(rebuilt, emailsMax),
  };
}

/** A time as a property of a document, which is absent without one. */
export function timeAs<K extends string>(
  key: K,
  time: Date | undefined,
): { readonly [key in K]?: string } {
  return time ? { [key]: time.toISOString() } as { readonly [key in K]: string } : {};
}

function skipsDocument(skips: readonly SkippedItem[], emailsMax: number): SkipsDocument {
  const { count, oldest, byCode, nextTry } = skippedSummary(skips);
  return {
    count,
    ...timeAs("oldest", oldest),
    by_code: Object.fromEntries(byCode),
    ...timeAs("next_retry", nextTry),
    emails: skips.slice(0, emailsMax).map(emailDocument),
  };
}

function emailDocument(skip: SkippedItem): SkippedEmailDocument {
  return {
    item_id: skip.itemId,
    ...(skip.id === undefined ? {} : { id: skip.id }),
    ...timeAs("received_at", skip.receivedAt),
    ...(skip.sizeBytes === undefined ? {} : { size: skip.sizeBytes }),
    code: skip.code,
    reason: skip.reason,
    skipped_at: skip.skippedAt.toISOString(),
    retries: skip.retries,
    ...timeAs("next_retry", nextTryAt(skip)),
    ...(skip.sought ? { sought: true as const } : {}),
  };
}
