import { SyncError } from "../core/errors.ts";
import {
  type FolderSyncState,
  RECOVERY_MARGIN_MS,
  type SettingsFingerprint,
} from "../core/sync_state.ts";
import { FORMAT_VERSION, formatVersionOf } from "./record_fingerprint.ts";
import { stateOfRecord, type SyncRecord } from "./sync_record.ts";

/** A record of one folder. */
export type FolderRecord = SyncRecord & { readonly folderId: string };

/** The records of a mailbox by who wrote them. */
export interface RecordsOfMailbox {
  readonly own: readonly FolderRecord[];
  /** Another program's. */
  readonly foreign: readonly FolderRecord[];
}

/**
 * Sorts the records of one mailbox out.
 *
 * @throws SyncError of kind `fatal` and code `StateFormatNewer` for a record that a newer version of
 *   this program wrote (spec section 5, rule 9).
 */
export function recordsOfMailbox(
  records: readonly SyncRecord[],
  address: string,
): RecordsOfMailbox {
  const ofFolders = records.filter(isOfFolder);
  for (const record of ofFolders) {
    const version = versionOf(record);
    if (version !== undefined && version > FORMAT_VERSION) {
      throw recordFormatNewer(address, record.folderPath, version);
    }
  }
  return {
    own: ofFolders.filter((record) => versionOf(record) === FORMAT_VERSION),
    foreign: ofFolders.filter((record) => versionOf(record) !== FORMAT_VERSION),
  };
}

/** The records of folders that this program wrote, in whichever version. */
export function recordsOfProgram(records: readonly SyncRecord[]): readonly FolderRecord[] {
  return records.filter(isOfFolder).filter((record) => versionOf(record) !== undefined);
}

function isOfFolder(record: SyncRecord): record is FolderRecord {
  return record.folderId !== undefined;
}

function versionOf({ fingerprint }: SyncRecord): number | undefined {
  return fingerprint === undefined ? undefined : formatVersionOf(fingerprint);
}

/**
 * The states from which folders go on where another program has stopped (spec section 5, rule 8):
 * those of which there is no state of `ours`, and which that program had come to anything with. What
 * was synced by it counts as synced under the settings there are now.
 */
export function statesOfOthers(
  foreign: readonly FolderRecord[],
  ours: readonly FolderSyncState[],
  settings: SettingsFingerprint,
): readonly FolderSyncState[] {
  const ids = new Set(ours.map(({ folder }) => folder.id));
  const paths = new Set(ours.map(({ folder }) => JSON.stringify(folder.path)));
  return foreign
    .filter(({ folderId, folderPath, syncedUntil }) =>
      syncedUntil && !ids.has(folderId) && !paths.has(JSON.stringify(folderPath))
    )
    .map((record) => {
      const lastSyncedAt = record.lastSyncedAt ?? record.syncedUntil!;
      return { ...stateOfRecord({ ...record, lastSyncedAt }), fingerprint: settings };
    });
}

/** Where the folders begin that a program knew only as part of a bucket (spec section 5, rule 8). */
export function startOf(progress: Date | undefined): Date | undefined {
  return progress && new Date(progress.getTime() - RECOVERY_MARGIN_MS);
}

function recordFormatNewer(
  mailbox: string,
  folder: readonly string[],
  version: number,
): SyncError {
  const message = `A sync state on the platform has format ${version}`;
  return new SyncError("fatal", "StateFormatNewer", message, {
    hint: "Run the version that wrote it or a later one; this one leaves the state as it is",
    context: { mailbox, folder },
  });
}
