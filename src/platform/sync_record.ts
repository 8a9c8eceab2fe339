import { z } from "zod";
import { laterOf } from "../core/later_of.ts";
import {
  type FolderPhase,
  type FolderSyncState,
  recoverToken,
  type Recovery,
  RECOVERY_MARGIN_MS,
} from "../core/sync_state.ts";
import { present } from "../storage/present.ts";
import { rfc3339Of, storableText } from "./email_wire.ts";
import { decodeFingerprint, encodeFingerprint, timeOf } from "./record_fingerprint.ts";

/** A keyed sync state of the platform (facts: `KeyedSyncState`): one folder's progress by its times. */
export interface SyncRecord {
  readonly mailboxName: string;
  /** Absent where a program keeps one record for a whole mailbox. */
  readonly folderId?: string;
  readonly folderPath: readonly string[];
  readonly status: string;
  readonly syncedUntil?: Date;
  readonly lastSyncedAt?: Date;
  readonly fingerprint?: string;
}

const RecordJson = z.object({
  mailbox_name: z.string(),
  folder_id: z.string().nullish(),
  folder_path: z.array(z.string()).nullish(),
  status: z.string(),
  synced_until: z.string().nullish(),
  last_synced_at: z.string().nullish(),
  fingerprint: z.string().nullish(),
}).transform((wire): SyncRecord =>
  present({
    mailboxName: wire.mailbox_name,
    folderId: wire.folder_id ?? undefined,
    folderPath: wire.folder_path ?? [],
    status: wire.status,
    syncedUntil: timeOf(wire.synced_until),
    lastSyncedAt: timeOf(wire.last_synced_at),
    fingerprint: wire.fingerprint ?? undefined,
  })
);

/** Reads a record as the platform gives it; `undefined` for what is none. */
export function decodeSyncRecord(wire: unknown): SyncRecord | undefined {
  return RecordJson.safeParse(wire).data;
}

/** What `PUT …/keyed-sync-state/…` takes (facts: `KeyedSyncStateUpdate`). */
export function syncRecordWireOf(record: SyncRecord) {
  return {
    mailbox_name: record.mailboxName,
    folder_id: record.folderId,
    folder_path: record.folderPath,
    status: record.status,
    synced_until: record.syncedUntil && rfc3339Of(record.syncedUntil),
    last_synced_at: record.lastSyncedAt && rfc3339Of(record.lastSyncedAt),
    fingerprint: record.fingerprint,
  };
}

/** Who writes a record. */
export interface RecordWriter {
  readonly mailbox: string;
  /** See `RecordFingerprint`. */
  readonly writer: string;
  readonly previous?: Date;
}

/** What the platform keeps of a state: the times from which a token can be done without. */
export function syncRecordOf(
  state: FolderSyncState,
  { mailbox, writer, previous }: RecordWriter,
): SyncRecord {
  const { folder, phase, fingerprint: settings } = state;
  const { receivedUntil, resume } = settledTimesOf(state);
  return present({
    mailboxName: mailbox,
    folderId: storableText(folder.id),
    folderPath: folder.path.map(storableText),
    status: phase.name === "following" ? "UP_TO_DATE" : "IN_PROGRESS",
    syncedUntil: receivedUntil,
    lastSyncedAt: lastSyncedAtOf(state),
    fingerprint: encodeFingerprint({
      writer,
      settings,
      api: state.api,
      ...(folder.role ? { role: folder.role } : {}),
      ...(state.goneSince ? { goneSince: state.goneSince } : {}),
      ...(previous ? { previous } : {}),
      ...(resume ? { resume } : {}),
    }),
  });
}

/** `last_synced_at` of the record of a state; the beginning of time where nothing was synced yet. */
export function lastSyncedAtOf(state: FolderSyncState): Date {
  return settledTimesOf(state).modifiedUntil ?? state.lastSyncedAt ?? new Date(0);
}

/**
 * The state from which a folder goes on with nothing but a record: a new token is taken, and what
 * its times do not vouch for is listed (spec section 5, rule 5). An unfinished listing of ours goes
 * on where it was: otherwise a folder with more emails in one hour than are delivered between two
 * kills would never be done.
 */
export function stateOfRecord(record: SyncRecord & { readonly folderId: string }): FolderSyncState {
  const { folderId, folderPath, syncedUntil, lastSyncedAt, fingerprint } = record;
  const ours = fingerprint === undefined ? undefined : decodeFingerprint(fingerprint);
  const state = recoverToken(present({
    api: ours?.api ?? ("unknown" as const),
    folder: present({ id: folderId, path: folderPath, role: ours?.role }),
    phase: { name: "following" as const, token: "" },
    syncedUntil,
    lastSyncedAt,
    fingerprint: ours?.settings,
    goneSince: ours?.goneSince,
    skipped: [],
  }));
  const { phase } = state;
  const resume = ours?.resume;
  if (phase.name !== "draining" || !phase.recovery || !resume) return state;
  const isOfRecord = isInMargin(resume.receivedSince, phase.recovery.receivedSince) &&
    isInMargin(resume.modifiedSince, phase.recovery.modifiedSince);
  return isOfRecord ? { ...state, phase: { ...phase, recovery: resume } } : state;
}

/** Whether a time lies in the margin of a recovery; else somebody has changed the record. */
function isInMargin(time: Date, recoveredSince: Date): boolean {
  // The platform may keep no finer times than seconds.
  const ms = time.getTime() - recoveredSince.getTime();
  return ms >= -1_000 && ms <= RECOVERY_MARGIN_MS + 1_000;
}

interface SettledTimes {
  /** Everything received before it is settled; absent: nothing is known to be. */
  readonly receivedUntil?: Date;
  /** Everything modified before it is settled. */
  readonly modifiedUntil?: Date;
  /** Where an unfinished listing has come to. */
  readonly resume?: Recovery;
}

/**
 * What a state vouches for by time alone. Not simply `syncedUntil`: that never goes backwards, but
 * what widened settings add is older, and a recovery has not looked yet at what it has to look at.
 */
function settledTimesOf(state: FolderSyncState): SettledTimes {
  const { phase, syncedUntil, lastSyncedAt } = state;
  switch (phase.name) {
    case "draining": {
      const { recovery, range } = phase;
      const since = range?.since;
      return unfinished(state, recovery?.receivedSince ?? since, recovery?.modifiedSince ?? since);
    }
    case "recovering": {
      const { receivedSince, modifiedSince, position } = phase;
      return unfinished(state, receivedSince, position?.receivedAt ?? modifiedSince);
    }
    case "backfilling":
      return backfilled(state, phase);
    case "sweeping":
      return present({ modifiedUntil: lastSyncedAt });
    case "following":
      return present({ receivedUntil: syncedUntil, modifiedUntil: lastSyncedAt });
  }
}

/** Before a listing begins: what was known before it is known still. */
function unfinished(
  { syncedUntil, lastSyncedAt }: FolderSyncState,
  receivedSince: Date | undefined,
  modifiedSince: Date | undefined,
): SettledTimes {
  return present({
    receivedUntil: withinMargin(receivedSince, syncedUntil),
    modifiedUntil: withinMargin(modifiedSince, lastSyncedAt),
    resume: receivedSince && modifiedSince && { receivedSince, modifiedSince },
  });
}

function backfilled(
  { syncedUntil, lastSyncedAt }: FolderSyncState,
  { position, range }: FolderPhase & { readonly name: "backfilling" },
): SettledTimes {
  // An earlier part knows nothing of what comes after it.
  const before = withinMargin(range?.since, range?.until ? undefined : syncedUntil);
  const receivedSince = laterOf(position?.receivedAt, range?.since);
  const modifiedSince = lastSyncedAt && new Date(lastSyncedAt.getTime() - RECOVERY_MARGIN_MS);
  return present({
    receivedUntil: laterOf(position?.receivedAt, before),
    modifiedUntil: lastSyncedAt,
    resume: receivedSince && modifiedSince && { receivedSince, modifiedSince },
  });
}

/** `known`, as far as it is not more than the margin after `since`, which is settled for certain. */
function withinMargin(since: Date | undefined, known: Date | undefined): Date | undefined {
  if (!since || !known) return since;
  const latest = new Date(since.getTime() + RECOVERY_MARGIN_MS);
  return laterOf(since, known < latest ? known : latest);
}
