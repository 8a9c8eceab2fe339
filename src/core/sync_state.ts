import { assert } from "./errors.ts";
import type { Folder } from "./mailbox.ts";

/**
 * How far the backfill of a folder has come. It continues by received time, and by offset only
 * among items of one and the same received time (spec section 5, rule 2).
 */
export interface BackfillPosition {
  /** Received time of the last settled item; absent while items without one are listed. */
  readonly receivedAt?: Date;
  /** How many items of exactly that received time are settled. */
  readonly settledAtThatTime: number;
  /** The last settled item: if it is no longer at its place, that received time is listed anew. */
  readonly lastItemId?: string;
}

/**
 * Each phase carries exactly its own data:
 * - `draining`: first sight. The change list is drained with ids only, nothing is fetched; `token`
 *   is where that has come to.
 * - `backfilling`: the token is taken, the folder is listed from the oldest item on.
 * - `following`: everything is settled up to `token`.
 */
export type FolderPhase =
  | { readonly name: "draining"; readonly token?: string }
  | { readonly name: "backfilling"; readonly token: string; readonly position?: BackfillPosition }
  | { readonly name: "following"; readonly token: string };

/** An email given up for now, on the record. */
export interface SkippedItem {
  readonly itemId: string;
  /** The email's id where it was known before its content failed. */
  readonly id?: string;
  readonly receivedAt?: Date;
  readonly sizeBytes?: number;
  readonly code: string;
  readonly reason: string;
  readonly skippedAt: Date;
}

/** Durable progress of one folder. */
export interface FolderSyncState {
  readonly folder: Pick<Folder, "id" | "path">;
  readonly phase: FolderPhase;
  /** Everything received up to then is settled. Never goes backwards. */
  readonly syncedUntil?: Date;
  /** When a pass last committed (our clock). */
  readonly lastSyncedAt?: Date;
  /** Hash of the settings that decide what is synced: see `settingsFingerprint`. */
  readonly fingerprint: string;
  readonly skipped: readonly SkippedItem[];
}

/** Clocks of front ends differ; a completed pass vouches for everything up to this before it. */
const SYNCED_UNTIL_MARGIN_MS = 5 * 60_000;

/** The state of a folder seen for the first time. */
export function firstSight(folder: Folder, fingerprint: string): FolderSyncState {
  return {
    folder: { id: folder.id, path: folder.path },
    phase: { name: "draining" },
    fingerprint,
    skipped: [],
  };
}

/** After one page of the drain: nothing is settled by it. */
export function advanceDrain(
  state: FolderSyncState,
  page: { readonly token: string; readonly complete: boolean },
): FolderSyncState {
  assert(state.phase.name === "draining", "only a draining folder is drained");
  return {
    ...state,
    phase: page.complete
      ? { name: "backfilling", token: page.token }
      : { name: "draining", token: page.token },
  };
}

export interface Settlement {
  readonly skipped: readonly SkippedItem[];
  /** Our clock at the commit. */
  readonly now: Date;
}

/** After one page of the backfill whose items are all settled. */
export function advanceBackfill(
  state: FolderSyncState,
  page: { readonly next?: BackfillPosition; readonly coveredUntil?: Date },
  settlement: Settlement,
  passStartedAt: Date,
): FolderSyncState {
  const { phase } = state;
  assert(phase.name === "backfilling", "only a backfilling folder is backfilled");
  const next: FolderPhase = page.next
    ? { name: "backfilling", token: phase.token, position: page.next }
    : { name: "following", token: phase.token };
  return settled({ ...state, phase: next }, settlement, page.coveredUntil, passStartedAt);
}

/**
 * After one page of changes whose items are all settled. `complete` says that no change waits behind
 * the page; only then, and only when the backfill is done, does `syncedUntil` follow the clock.
 */
export function advanceChanges(
  state: FolderSyncState,
  page: { readonly token: string; readonly complete: boolean },
  settlement: Settlement,
  passStartedAt: Date,
): FolderSyncState {
  const { phase } = state;
  assert(phase.name !== "draining", "a draining folder does not follow changes yet");
  const caughtUp = phase.name === "following" && page.complete;
  const until = caughtUp ? new Date(passStartedAt.getTime() - SYNCED_UNTIL_MARGIN_MS) : undefined;
  return settled(
    { ...state, phase: { ...phase, token: page.token } },
    settlement,
    until,
    passStartedAt,
  );
}

/** Lists the folder again from its oldest item, keeping the token: nothing stored is fetched again. */
export function restartBackfill(state: FolderSyncState, fingerprint: string): FolderSyncState {
  if (state.phase.name === "draining") return { ...state, fingerprint };
  return { ...state, fingerprint, phase: { name: "backfilling", token: state.phase.token } };
}

/** Whether a later round has still something to list of this folder. */
export function isBehind(state: FolderSyncState): boolean {
  return state.phase.name !== "following";
}

function settled(
  state: FolderSyncState,
  settlement: Settlement,
  until: Date | undefined,
  passStartedAt: Date,
): FolderSyncState {
  const gone = new Set(settlement.skipped.map((skip) => skip.itemId));
  const kept = state.skipped.filter((skip) => !gone.has(skip.itemId));
  const syncedUntil = laterOf(state.syncedUntil, earlierOf(until, passStartedAt));
  return {
    ...state,
    ...(syncedUntil ? { syncedUntil } : {}),
    lastSyncedAt: settlement.now,
    skipped: [...kept, ...settlement.skipped],
  };
}

function laterOf(a: Date | undefined, b: Date | undefined): Date | undefined {
  if (!a || !b) return a ?? b;
  return a >= b ? a : b;
}

function earlierOf(a: Date | undefined, b: Date): Date | undefined {
  if (!a) return undefined;
  return a <= b ? a : b;
}
