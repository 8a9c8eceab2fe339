import type { Env } from "../../core/env.ts";
import type { SyncError } from "../../core/errors.ts";
import type { Mailbox } from "../../core/mailbox.ts";
import type { Sink } from "../../core/ports.ts";
import type { ReplayCounts, ReplayScope } from "../../storage/stored_emails_progress.ts";
import type { Stop } from "../../sync/stop.ts";
import type { StoredSource } from "./stored_source.ts";

/** What a push of any mailbox works with. */
export interface PushWork {
  readonly source: StoredSource;
  /** Absent: emails are counted and checked, and no progress is kept. */
  readonly sink?: Sink;
  readonly scope: ReplayScope;
  /** `reinfer_batch_size`. */
  readonly batchSize: number;
  /** Batches being delivered at one time, at least 1; memory bounds them, too. */
  readonly batchesInFlight: number;
  readonly env: Env;
  readonly stop: Stop;
  /** Written into progress. */
  readonly programVersion: string;
  /** Told after each batch. */
  readonly onSettled: (mailbox: Mailbox, counts: ReplayCounts) => void;
  /** Told of every email that is not delivered, and why. */
  readonly onTrouble: (mailbox: Mailbox, trouble: PushTrouble) => void;
}

/** A stored email that is not delivered. */
export interface PushTrouble {
  /** `damaged`: it is not stored as it was delivered; `refused`: the sink does not take it. */
  readonly kind: "damaged" | "refused";
  /** See `StoredEmail.position`. */
  readonly position: string;
  /** The email's id; absent where it cannot be read. */
  readonly id?: string;
  readonly error: SyncError;
}

export const NOTHING_PUSHED: ReplayCounts = { delivered: 0, damaged: 0, refused: 0, bytes: 0 };

export function addReplayCounts(a: ReplayCounts, b: ReplayCounts): ReplayCounts {
  return {
    delivered: a.delivered + b.delivered,
    damaged: a.damaged + b.damaged,
    refused: a.refused + b.refused,
    bytes: a.bytes + b.bytes,
  };
}
