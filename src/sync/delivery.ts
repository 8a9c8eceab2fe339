import type { Env } from "../core/env.ts";
import type { Observer } from "../core/observer.ts";
import type { MailboxSink, MailSource, RefreshOptions } from "../core/ports.ts";
import type { Semaphore } from "../core/semaphore.ts";
import type { SkippedItem } from "../core/skipped_item.ts";
import type { Pace } from "./pace.ts";
import type { ParticipantFilter } from "./participant_filter.ts";
import type { SkipGuard } from "./skip_guard.ts";
import type { Stop } from "./stop.ts";

/** What delivering the items of one mailbox needs. */
export interface Delivery {
  readonly source: MailSource;
  readonly sink: MailboxSink;
  readonly env: Env;
  readonly observer: Observer;
  readonly pace: Pace;
  /** MIME bytes held in memory, whole process. */
  readonly heldBytes: Semaphore;
  /** `reinfer_batch_size`. */
  readonly batchSize: number;
  readonly stop: Stop;
  readonly guard: SkipGuard;
  /** Absent: emails of everyone. */
  readonly filter?: ParticipantFilter;
  /** When the round began, by the server's clock or ours, whichever is behind. */
  readonly startedAt: Date;
}

/** Why items are delivered, and hence how. */
export interface DeliveryOptions {
  /** New mail: it goes before whatever else waits for memory. */
  readonly urgent?: boolean;
  /** Whose stored metadata is brought up to date; default: everything's. */
  readonly rewrite?: RefreshOptions["rewrite"];
  /** Whatever seems to be stored of them is not (`verify --repair`). */
  readonly anew?: boolean;
  /** Of which the sink has what could be rebuilt, by item id. */
  readonly standIns?: ReadonlySet<string>;
  /** Tried again from the record of skips, by item id. */
  readonly again?: ReadonlyMap<string, SkippedItem>;
}
