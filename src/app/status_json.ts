import { folderDocument } from "../status/folder_document.ts";
import {
  hasBacklog,
  isNotBegun,
  type MailboxStatus,
  skipTotalsOf,
} from "../status/state_report.ts";

/**
 * `status --json`: one stable document. Times are ISO 8601, UTC; what is not known is absent.
 *
 * `store`; `mailboxes[]`: `mailbox`, `begun`, `condition` (`phase`, `since`, `error` with `code`,
 * `reason`, `hint`), `unreadable_states[]`, `folders[]`: `path[]`, `state` (`first_sight`,
 * `recovering`, `listing`, `listing_unordered`, `up_to_date`, `gone`), `gone_since`, `synced_until`,
 * `last_synced_at`, `backlog`, `skipped` and `rebuilt` (each `count`, `oldest`, `by_code`,
 * `next_retry`, `emails[]`: `item_id`, `id`, `received_at`, `size`, `code`, `reason`, `skipped_at`,
 * `retries`, `next_retry`; without that it is tried again on demand only; `sought` while it is looked
 * for under another item id); `totals`.
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
      ...skipTotalsOf(folders),
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
    folders: states.folders.map((state) => folderDocument(state)),
    unreadable_states: states.unreadable,
  };
}
