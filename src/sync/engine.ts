import type { Env } from "../core/env.ts";
import type { SyncError } from "../core/errors.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { DeliveryCounts, Observer } from "../core/observer.ts";
import type { MailboxBell, MailSource, Sink, StateStore } from "../core/ports.ts";
import type { Semaphore } from "../core/semaphore.ts";
import type { AdaptivePolling } from "./adaptive_pause.ts";
import type { DestinationGate } from "./destination_gate.ts";
import type { Stop } from "./stop.ts";

/** Settings of the engine, the same for every mailbox (spec section 2). */
export interface SyncSettings {
  readonly pollFrequencyMs: number;
  readonly pollMessageSleepMs: number;
  readonly emailsPerFolder: number;
  readonly batchSize: number;
  /** The first round tries every skipped email again (`--retry-skipped`). */
  readonly retrySkipped: boolean;
  /** Everything that was there when it began, then end (`--once`). */
  readonly once: boolean;
  /** Absent: the pause between rounds is always the same. */
  readonly adaptive?: AdaptivePolling;
}

/** What all workers share. */
export interface Engine {
  readonly source: MailSource;
  /** Ends pauses between rounds early; absent: mailboxes are polled and nothing else. */
  readonly bell?: MailboxBell;
  readonly sink: Sink;
  readonly states: StateStore;
  readonly destination: DestinationGate;
  readonly heldBytes: Semaphore;
  /** Pages of older mail in work: `LIMITS.backfillsInFlight`. */
  readonly backfills: Semaphore;
  /**
   * By mailbox address: ids of the folders that `start_from: config` has begun anew since the
   * process started. Outlives a restart of the engine inside the process.
   */
  readonly startedAnew: Map<string, Set<string>>;
  readonly settings: SyncSettings;
  readonly env: Env;
  readonly observer: Observer;
  readonly stop: Stop;
}

export interface MailboxReport {
  readonly mailbox: Mailbox;
  readonly counts: DeliveryCounts;
  /** Why the mailbox is not complete; with `--once` only. */
  readonly failed?: SyncError;
}
