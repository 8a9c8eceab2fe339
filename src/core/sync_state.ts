import { assert } from "./errors.ts";
import { laterOf } from "./later_of.ts";
import type { Folder } from "./mailbox.ts";
import { laterTry, type SkippedItem } from "./skipped_item.ts";

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

/** The part of a folder that a backfill lists, by received time; all of it without bounds. */
export interface BackfillRange {
  /** Received at or after it. */
  readonly since?: Date;
  /** Received before it. */
  readonly until?: Date;
}

/** What has to be looked at again when the token that knew it is lost (spec section 5, rule 5). */
export interface Recovery {
  readonly receivedSince: Date;
  readonly modifiedSince: Date;
}

/**
 * Each phase carries exactly its own data:
 * - `draining`: first sight, or the token was lost. The change list is drained with ids only,
 *   nothing is fetched; `token` is where that has come to.
 * - `recovering`: a new token is taken; what was modified since the old one is listed, because it
 *   may have been moved here. A backfill from `receivedSince` follows.
 * - `backfilling`: the token is taken, the folder (or `range` of it) is listed, oldest item first.
 * - `sweeping`: as `backfilling` where the server cannot order the folder in time: the change list
 *   is gone through from its beginning, and `sweepToken` is where that has come to.
 * - `following`: everything is settled up to `token`.
 */
export type FolderPhase =
  | {
    readonly name: "draining";
    readonly token?: string;
    /** What is listed afterwards; without both, everything. */
    readonly recovery?: Recovery;
    readonly range?: BackfillRange;
  }
  | {
    readonly name: "recovering";
    readonly token: string;
    readonly modifiedSince: Date;
    readonly receivedSince: Date;
    readonly position?: BackfillPosition;
  }
  | {
    readonly name: "backfilling";
    readonly token: string;
    readonly range?: BackfillRange;
    readonly position?: BackfillPosition;
  }
  | { readonly name: "sweeping"; readonly token: string; readonly sweepToken?: string }
  | { readonly name: "following"; readonly token: string };

/** What a state remembers of its folder. */
export type StateFolder = Pick<Folder, "id" | "path" | "role">;

/** Settings that decide which emails of a folder are synced (spec section 5, rule 7). */
export interface SettingsFingerprint {
  readonly startTimestamp?: Date;
  /** Digest of the lists of participants; absent without lists. */
  readonly participants?: string;
}

/** Through which protocol mailboxes are read (`MailSource.api`). */
export type SourceApi = "ews" | "graph";

/** Durable progress of one folder. */
export interface FolderSyncState {
  /** Whose ids and tokens it holds; `unknown`: those of another program. */
  readonly api: SourceApi | "unknown";
  /** Without a role: it has none, or that is not known. */
  readonly folder: StateFolder;
  readonly phase: FolderPhase;
  /** Everything received up to then is settled. Never goes backwards. */
  readonly syncedUntil?: Date;
  /** The server's time at the start of the last pass that left no change behind. */
  readonly lastSyncedAt?: Date;
  /** The settings this progress was made under; absent: not known. */
  readonly fingerprint?: SettingsFingerprint;
  readonly skipped: readonly SkippedItem[];
  /** Since when the mailbox has no such folder to sync any more. */
  readonly goneSince?: Date;
}

/** How a mailbox as a whole is, for whoever looks at its states. */
export interface MailboxCondition {
  /** A phase of `MailboxPhase`. */
  readonly phase: string;
  readonly since: Date;
  /** Why it does not sync; absent while it does. */
  readonly error?: { readonly code: string; readonly reason: string; readonly hint?: string };
}

/** Clocks of front ends differ; a completed pass vouches for everything up to this before it. */
const SYNCED_UNTIL_MARGIN_MS = 5 * 60_000;
/** What is looked at again before the times a lost token was known to cover (spec rule 5). */
export const RECOVERY_MARGIN_MS = 60 * 60_000;

export interface FirstSightOptions extends Pick<FolderSyncState, "api"> {
  readonly fingerprint: SettingsFingerprint;
  /** Where its backfill begins; absent: at its oldest email. */
  readonly since?: Date | undefined;
}

/** The state of a folder seen for the first time. */
export function firstSight(
  folder: StateFolder,
  { api, fingerprint, since }: FirstSightOptions,
): FolderSyncState {
  return {
    api,
    folder: stateFolderOf(folder),
    phase: { name: "draining", ...(since ? { range: { since } } : {}) },
    fingerprint,
    skipped: [],
  };
}

/** What a state remembers of a folder that is listed. */
export function stateFolderOf({ id, path, role }: StateFolder): StateFolder {
  return { id, path, ...(role === undefined ? {} : { role }) };
}

/**
 * After the server refused the token: a new one is taken, and what the old one may have covered
 * last is listed by its times, as far as those are known (spec section 5, rules 5 and 6), together
 * with what an unfinished listing had still to come to.
 */
export function recoverToken(state: FolderSyncState): FolderSyncState {
  const { phase } = state;
  if (phase.name === "draining") {
    const { token: _, ...anew } = phase;
    return { ...state, phase: anew };
  }
  const recovery = recoveryOf(state, phase);
  return { ...state, phase: { name: "draining", ...(recovery ? { recovery } : {}) } };
}

/** `undefined`: all of the folder has to be looked at again. */
function recoveryOf(
  { syncedUntil, lastSyncedAt }: FolderSyncState,
  phase: Exclude<FolderPhase, { readonly name: "draining" }>,
): Recovery | undefined {
  switch (phase.name) {
    case "recovering":
      return { receivedSince: phase.receivedSince, modifiedSince: phase.modifiedSince };
    case "backfilling": {
      const { position, range } = phase;
      const reached = position?.receivedAt && hourBefore(position.receivedAt);
      // What a range leaves out is no part of it after any number of lost tokens.
      return recoverySince(laterOf(reached, range?.since), lastSyncedAt);
    }
    case "sweeping":
      return undefined;
    case "following":
      return recoverySince(syncedUntil && hourBefore(syncedUntil), lastSyncedAt);
  }
}

function recoverySince(
  receivedSince: Date | undefined,
  lastSyncedAt: Date | undefined,
): Recovery | undefined {
  if (!receivedSince || !lastSyncedAt) return undefined;
  return { receivedSince, modifiedSince: hourBefore(lastSyncedAt) };
}

function hourBefore(time: Date): Date {
  return new Date(time.getTime() - RECOVERY_MARGIN_MS);
}

/** After one page of the drain: nothing is settled by it. */
export function advanceDrain(
  state: FolderSyncState,
  page: { readonly token: string; readonly complete: boolean },
  passStartedAt: Date,
): FolderSyncState {
  const { phase } = state;
  assert(phase.name === "draining", "only a draining folder is drained");
  const { token } = page;
  if (!page.complete) return { ...state, phase: { ...phase, token } };
  const next: FolderPhase = phase.recovery
    ? { name: "recovering", token, ...phase.recovery }
    : { name: "backfilling", token, ...(phase.range ? { range: phase.range } : {}) };
  return { ...state, phase: next, lastSyncedAt: passStartedAt };
}

/** The items of a page that are all settled, and those of them that were given up for now. */
export interface Settlement {
  readonly itemIds: readonly string[];
  readonly skipped: readonly SkippedItem[];
}

/** A page of a listing. */
interface ListedPage {
  readonly next?: BackfillPosition;
  readonly coveredUntil?: Date;
}

/** After one page of what was modified since the lost token, all of it settled. */
export function advanceRecovery(
  state: FolderSyncState,
  page: ListedPage,
  settlement: Settlement,
): FolderSyncState {
  const { phase } = state;
  assert(phase.name === "recovering", "only a recovering folder is recovered");
  const next: FolderPhase = page.next
    ? { ...phase, position: page.next }
    : { name: "backfilling", token: phase.token, range: { since: phase.receivedSince } };
  return settled({ ...state, phase: next }, settlement);
}

/** After one page of the backfill whose items are all settled. */
export function advanceBackfill(
  state: FolderSyncState,
  page: ListedPage,
  settlement: Settlement,
  passStartedAt: Date,
): FolderSyncState {
  const { phase } = state;
  assert(phase.name === "backfilling", "only a backfilling folder is backfilled");
  const next: FolderPhase = page.next
    ? { ...phase, position: page.next }
    : { name: "following", token: phase.token };
  const covered = coveredBy(page, phase.range);
  const after = settled({ ...state, phase: next }, settlement, earlierOf(covered, passStartedAt));
  return page.next ? after : withoutMet(after, ({ receivedAt }) => receivedAt === undefined);
}

/** A backfill of an earlier part says nothing about what comes after it. */
function coveredBy(page: ListedPage, range: BackfillRange | undefined): Date | undefined {
  return range?.until ? undefined : page.coveredUntil;
}

/** The server cannot order this folder: its change list is gone through instead. */
export function beginSweep(state: FolderSyncState): FolderSyncState {
  const { phase } = state;
  assert(phase.name !== "draining", "a sweep takes the place of a listing");
  return { ...state, phase: { name: "sweeping", token: phase.token } };
}

/** After one page of the sweep whose items are all settled; it has no order, so no time moves. */
export function advanceSweep(
  state: FolderSyncState,
  page: { readonly token: string; readonly complete: boolean },
  settlement: Settlement,
): FolderSyncState {
  const { phase } = state;
  assert(phase.name === "sweeping", "only a sweeping folder is swept");
  const next: FolderPhase = page.complete
    ? { name: "following", token: phase.token }
    : { ...phase, sweepToken: page.token };
  const after = settled({ ...state, phase: next }, settlement);
  return page.complete ? withoutMet(after, () => true) : after;
}

/**
 * Without what is sought and `isMet`: all that the folder holds was gone through, so that it is on
 * the record under its new item id, delivered, or gone.
 */
function withoutMet(
  state: FolderSyncState,
  isMet: (skip: SkippedItem) => boolean,
): FolderSyncState {
  return { ...state, skipped: state.skipped.filter((skip) => !skip.sought || !isMet(skip)) };
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
  const followed = { ...state, phase: { ...phase, token: page.token } };
  const synced = page.complete ? { ...followed, lastSyncedAt: passStartedAt } : followed;
  return settled(synced, settlement, until);
}

/** After skipped items were tried again; those still skipped are in the settlement. */
export function advanceSkipped(state: FolderSyncState, settlement: Settlement): FolderSyncState {
  return { ...state, skipped: skippedAfter(state.skipped, settlement) };
}

export interface AppliedSettings {
  readonly state: FolderSyncState;
  /** Whether the settings add anything to what is synced. */
  readonly widened: boolean;
}

/**
 * The state under other settings (spec section 5, rule 7). What they add is listed, keeping the
 * token: nothing stored is fetched again.
 */
export function applySettings(
  state: FolderSyncState,
  settings: SettingsFingerprint,
): AppliedSettings {
  const { phase, fingerprint } = state;
  const changed = { ...state, fingerprint: settings };
  const range = addedRange(fingerprint, settings);
  if (!range) return { state: changed, widened: false };
  if (phase.name === "draining") {
    const { recovery: _, range: _range, ...everything } = phase;
    return { state: { ...changed, phase: everything }, widened: true };
  }
  // Where a listing is under way, what it has not come to yet is added, too.
  const bounds = phase.name === "following" ? range : {};
  const added = { name: "backfilling", token: phase.token, ...rangeIfBounded(bounds) } as const;
  return { state: { ...changed, phase: added }, widened: true };
}

/** The received times that `after` adds to `before`; `undefined` if none. */
function addedRange(
  before: SettingsFingerprint | undefined,
  after: SettingsFingerprint,
): BackfillRange | undefined {
  if (!before || before.participants !== after.participants) return {};
  const [old, start] = [before.startTimestamp, after.startTimestamp];
  return old && (!start || start < old) ? { until: old } : undefined;
}

function rangeIfBounded(range: BackfillRange) {
  return range.since || range.until ? { range } : {};
}

/** Whether a later round has still something to list of this folder. */
export function isBehind(state: FolderSyncState): boolean {
  return state.phase.name !== "following";
}

function settled(
  state: FolderSyncState,
  settlement: Settlement,
  until?: Date,
): FolderSyncState {
  const syncedUntil = laterOf(state.syncedUntil, until);
  return {
    ...state,
    ...(syncedUntil ? { syncedUntil } : {}),
    skipped: skippedAfter(state.skipped, settlement),
  };
}

/** What was settled otherwise than by a skip is no longer on the record. */
function skippedAfter(
  record: readonly SkippedItem[],
  { itemIds, skipped }: Settlement,
): readonly SkippedItem[] {
  const tried = new Set(itemIds);
  const earlier = new Map(record.map((skip) => [skip.itemId, skip]));
  const kept = record.filter(({ itemId }) => !tried.has(itemId));
  return [...kept, ...skipped.map((skip) => laterTry(earlier.get(skip.itemId), skip))];
}

function earlierOf(a: Date | undefined, b: Date): Date | undefined {
  if (!a) return undefined;
  return a <= b ? a : b;
}
