import { SyncError } from "../core/errors.ts";
import type { FolderSyncState, SettingsFingerprint } from "../core/sync_state.ts";
import { decodeFingerprint, FORMAT_VERSION, formatVersionOf } from "./record_fingerprint.ts";
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
 * Sorts the records of a bucket out for one mailbox, whose address is in lower case.
 *
 * @throws SyncError of kind `fatal` and code `StateFormatNewer` for a record that a newer version of
 *   this program wrote (spec section 5, rule 9).
 */
export function recordsOfMailbox(
  records: readonly SyncRecord[],
  address: string,
): RecordsOfMailbox {
  const ofFolders = records.filter((record): record is FolderRecord =>
    record.folderId !== undefined && record.mailboxName.toLowerCase() === address
  );
  const isOwn = ({ fingerprint }: SyncRecord) =>
    fingerprint !== undefined && decodeFingerprint(fingerprint) !== undefined;
  for (const { fingerprint, folderPath } of ofFolders) {
    const version = fingerprint === undefined ? undefined : formatVersionOf(fingerprint);
    if (version !== undefined && version > FORMAT_VERSION) {
      throw recordFormatNewer(address, folderPath, version);
    }
  }
  return {
    own: ofFolders.filter(isOwn),
    foreign: ofFolders.filter((record) => !isOwn(record)),
  };
}

/**
 * The states from which folders go on where another program has stopped (spec section 5, rule 8):
 * those of which there is no state of ours, and which that program had come to anything with. What
 * was synced by it counts as synced under the settings there are now.
 */
export function statesOfOthers(
  { own, foreign }: RecordsOfMailbox,
  settings: SettingsFingerprint,
): readonly FolderSyncState[] {
  const ids = new Set(own.map(({ folderId }) => folderId));
  const paths = new Set(own.map(({ folderPath }) => JSON.stringify(folderPath)));
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
  return progress && new Date(progress.getTime() - 3_600_000);
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
