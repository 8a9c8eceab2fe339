/**
 * The document at `/status.json`, as it goes over the wire. Times are ISO 8601, UTC; what is not
 * known is absent. Names, addresses and reasons come from servers and senders: whoever shows them
 * escapes them.
 *
 * With `--status summary` there are no addresses, folders, reasons, hints, endpoint and destination:
 * mailboxes have their numbers, failures their codes.
 */
export interface StatusDocument {
  readonly detail: "full" | "summary";
  readonly instance: InstanceDocument;
  readonly service: ServiceDocument;
  readonly totals: TotalsDocument;
  /** Of all mailboxes, or of the one that was asked for. */
  readonly throughput: ThroughputDocument;
  /** What an operator should look at, the worst first. */
  readonly problems: readonly ProblemDocument[];
  /** Which part of the mailboxes this document holds. */
  readonly page: PageDocument;
  readonly mailboxes: readonly MailboxDocument[];
}

export interface InstanceDocument {
  readonly version: string;
  readonly started_at: string;
  readonly endpoint?: string;
  readonly destination?: string;
}

export interface ServiceDocument {
  readonly phase: string;
  readonly since: string;
  readonly ready: boolean;
  readonly not_ready: readonly NotReadyDocument[];
  /** The server lets every mailbox wait. */
  readonly throttled?: ThrottleDocument;
}

export interface NotReadyDocument extends ErrorDocument {
  /** `configuration`, `destination`, `sign-in` or `service`. */
  readonly what: string;
  readonly since: string;
  readonly until?: string;
}

export interface ErrorDocument {
  readonly code: string;
  readonly reason?: string;
  /** What an operator can do, as an imperative sentence without a full stop. */
  readonly hint?: string;
}

export interface ThrottleDocument extends ErrorDocument {
  readonly until: string;
}

export interface TotalsDocument {
  readonly mailboxes: number;
  /** How many mailboxes are in each state of `MailboxDocument.state`. */
  readonly by_state: Readonly<Record<string, number>>;
  readonly with_problem: number;
  readonly throttled: number;
  readonly folders: number;
  readonly folders_behind: number;
  /** Items that are still to list, at most. */
  readonly left: number;
  /** Since the process started. */
  readonly delivered: number;
  readonly bytes: number;
  /** On record now. */
  readonly skipped: number;
  readonly rebuilt: number;
}

/** By the minute over one hour, oldest first; the last minute is not over. */
export interface ThroughputDocument {
  readonly bucket_seconds: number;
  readonly emails: readonly number[];
  /** MIME bytes. */
  readonly bytes: readonly number[];
}

export interface ProblemDocument extends ErrorDocument {
  /**
   * `not_ready`, `suspended`, `backing_off`, `waiting_for_destination`, `stopped`,
   * `folders_failing`, `skipped` or `throttled`.
   */
  readonly kind: string;
  readonly severity: "error" | "warning";
  /** What does not work, with `not_ready`. */
  readonly what?: string;
  /** Mailboxes it concerns; absent: the service as a whole. */
  readonly mailboxes?: number;
  /** The first of them. */
  readonly examples?: readonly MailboxName[];
  /** Emails or folders it concerns. */
  readonly count?: number;
  readonly since?: string;
  /** When something is tried again by itself. */
  readonly until?: string;
}

export interface MailboxName {
  /** Its place in the configuration, from 1. */
  readonly number: number;
  /** Its address. */
  readonly mailbox?: string;
}

export interface PageDocument {
  readonly offset: number;
  readonly limit: number;
  /** Mailboxes that were asked for, on all pages together. */
  readonly matching: number;
}

export interface MailboxDocument extends MailboxName {
  /**
   * `suspended`, `waiting_for_destination`, `backing_off`, `stopped`, `starting`, `catching_up` or
   * `up_to_date`.
   */
  readonly state: string;
  readonly condition: ConditionDocument;
  readonly throttled?: ThrottleDocument;
  /** Whether the server tells of what arrives; else the mailbox is polled only. */
  readonly listening: boolean;
  /** Until then every folder is synced; absent: not yet known of all. */
  readonly synced_until?: string;
  /** When a round last left no failure behind. */
  readonly last_success_at?: string;
  readonly folder_counts: {
    readonly total: number;
    readonly behind: number;
    readonly failing: number;
  };
  /** Items that are still to list, at most. */
  readonly left: number;
  /** Since the process started. */
  readonly emails: EmailCountsDocument;
  readonly delivered_last_hour: number;
  /** On record now. */
  readonly skipped: number;
  readonly skipped_by_code: Readonly<Record<string, number>>;
  readonly rebuilt: number;
  /** Where they were asked for; those that need a person first, at most 300. */
  readonly folders?: readonly FolderDocument[];
}

export interface ConditionDocument {
  /**
   * `starting`, `syncing`, `idle`, `backing-off`, `suspended`, `waiting-for-destination` or
   * `stopped`.
   */
  readonly phase: string;
  readonly since: string;
  /** When a pause is over. */
  readonly until?: string;
  readonly error?: ErrorDocument;
}

export interface EmailCountsDocument {
  readonly delivered: number;
  readonly already_stored: number;
  readonly skipped: number;
  readonly vanished: number;
  readonly ignored: number;
  readonly filtered: number;
  readonly rebuilt: number;
  readonly bytes: number;
}

export interface FolderDocument {
  readonly path: readonly string[];
  /** `first_sight`, `recovering`, `listing`, `listing_unordered`, `up_to_date` or `gone`. */
  readonly state: string;
  readonly gone_since?: string;
  readonly synced_until?: string;
  readonly last_synced_at?: string;
  readonly backlog: boolean;
  readonly skipped: SkipsDocument;
  readonly rebuilt: SkipsDocument;
  /** Of a running instance: items that are still to list, at most. */
  readonly left?: number;
  /** Of a running instance: why the last pass failed. */
  readonly failure?: ErrorDocument & { readonly at: string };
}

export interface SkipsDocument {
  readonly count: number;
  readonly oldest?: string;
  readonly by_code: Readonly<Record<string, number>>;
  /** Absent: only on demand. */
  readonly next_retry?: string;
  /** Of a running instance, at most 100. */
  readonly emails: readonly SkippedEmailDocument[];
}

export interface SkippedEmailDocument {
  readonly item_id: string;
  readonly id?: string;
  readonly received_at?: string;
  readonly size?: number;
  readonly code: string;
  readonly reason: string;
  readonly skipped_at: string;
  readonly retries: number;
  readonly next_retry?: string;
  /** Its item id means nothing any more: it is looked for by its received time. */
  readonly sought?: true;
}
