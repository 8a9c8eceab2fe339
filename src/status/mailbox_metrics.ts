import type { MailboxSummary } from "./mailbox_summary.ts";

/** A counter or gauge that has one series for each mailbox. */
export interface MailboxMetric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
  /** Absent: the mailbox has no such value (yet), and no series. */
  readonly valueOf: (summary: MailboxSummary) => number | undefined;
}

/** Documented in docs/metrics.md. */
export const MAILBOX_METRICS: readonly MailboxMetric[] = [
  counted("emails_delivered", "Emails newly stored.", ({ delivered }) => delivered),
  counted(
    "emails_already_stored",
    "Emails met again whose content was stored.",
    ({ alreadyStored }) => alreadyStored,
  ),
  counted("emails_skipped", "Emails given up for now, on the record.", ({ skipped }) => skipped),
  counted(
    "emails_vanished",
    "Emails that were gone when they were asked for.",
    ({ vanished }) => vanished,
  ),
  counted(
    "emails_filtered",
    "Emails kept out by the lists of participants.",
    ({ filtered }) => filtered,
  ),
  counted("emails_rebuilt", "Delivered emails that were rebuilt.", ({ rebuilt }) => rebuilt),
  counted("items_ignored", "Items that are no emails to sync.", ({ ignored }) => ignored),
  {
    name: "reinfer_ews_mime_bytes_total",
    help: "MIME bytes newly stored.",
    type: "counter",
    valueOf: ({ record }) => record.counts.bytes,
  },
  gauged("skipped_emails", "Emails on the record of skips now.", ({ skipped }) => skipped),
  gauged("rebuilt_emails", "Rebuilt emails of which the original is missing.", (it) => it.rebuilt),
  gauged("left_items", "Items still to list, at most.", ({ left }) => left),
  gauged("behind_folders", "Folders that have something to list.", ({ folders }) => folders.behind),
  gauged(
    "failing_folders",
    "Folders that could not be passed over last time.",
    ({ folders }) => folders.failing,
  ),
  gauged(
    "listening",
    "1 while Exchange tells of what arrives, 0 while the mailbox is polled only.",
    ({ record }) => record.isListenedTo ? 1 : 0,
  ),
  gauged(
    "synced_until_timestamp_seconds",
    "Until then every folder of the mailbox is synced.",
    ({ syncedUntil }) => secondsOf(syncedUntil),
  ),
  gauged(
    "last_success_timestamp_seconds",
    "When a round last left no failure behind.",
    ({ record }) => secondsOf(record.lastSuccessAt),
  ),
  gauged(
    "throttled_until_timestamp_seconds",
    "Until then Exchange lets the mailbox wait; without a series it does not.",
    ({ record }) => secondsOf(record.throttle?.until),
  ),
];

function counted(
  noun: string,
  help: string,
  countOf: (counts: MailboxSummary["record"]["counts"]) => number,
): MailboxMetric {
  return {
    name: `reinfer_ews_${noun}_total`,
    help,
    type: "counter",
    valueOf: ({ record }) => countOf(record.counts),
  };
}

function gauged(noun: string, help: string, valueOf: MailboxMetric["valueOf"]): MailboxMetric {
  return { name: `reinfer_ews_${noun}`, help, type: "gauge", valueOf };
}

function secondsOf(time: Date | undefined): number | undefined {
  return time && time.getTime() / 1_000;
}
