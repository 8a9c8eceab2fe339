import {
  hasBacklog,
  isNotBegun,
  type MailboxStatus,
  skippedSummary,
  stateNameOf,
} from "./status_report.ts";
import type { FolderSyncState } from "../core/sync_state.ts";

/**
 * `status --json`: one stable document. Times are ISO 8601, UTC; what is not known is absent.
 *
 * `store`; `mailboxes[]`: `mailbox`, `begun`, `condition` (`phase`, `since`, `error` with `code`,
 * `reason`, `hint`), `unreadable_states[]`, `folders[]`: `path[]`, `state` (`first_sight`,
 * `recovering`, `listing`, `listing_unordered`, `up_to_date`, `gone`), `gone_since`, `synced_until`,
 * `last_synced_at`, `backlog`, `skipped` (`count`, `oldest`, `by_code`, `next_retry`); `totals`.
 */
export function statusJson(store: string, mailboxes: readonly MailboxStatus[]): string {
  const folders = mailboxes.flatMap(({ states }) => states.folders);
  const document = {
    store,
    mailboxes: mailboxes.map(mailboxJson),
    totals: {
      mailboxes: mailboxes.length,
      not_begun: mailboxes.filter(({ states }) => isNotBegun(states)).length,
      with_error: mailboxes.filter(({ states }) => states.condition?.error).length,
      folders: folders.length,
      with_backlog: folders.filter(hasBacklog).length,
      skipped: folders.reduce((sum, { skipped }) => sum + skipped.length, 0),
      unreadable_states: mailboxes.reduce((sum, { states }) => sum + states.unreadable.length, 0),
    },
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function mailboxJson({ mailbox, states }: MailboxStatus) {
  return {
    mailbox: mailbox.address,
    begun: !isNotBegun(states),
    condition: states.condition,
    folders: states.folders.map(folderJson),
    unreadable_states: states.unreadable,
  };
}

function folderJson(state: FolderSyncState) {
  const { count, oldest, byCode, nextTry } = skippedSummary(state.skipped);
  return {
    path: state.folder.path,
    state: stateNameOf(state),
    gone_since: state.goneSince,
    synced_until: state.syncedUntil,
    last_synced_at: state.lastSyncedAt,
    backlog: hasBacklog(state),
    skipped: { count, oldest, by_code: Object.fromEntries(byCode), next_retry: nextTry },
  };
}
