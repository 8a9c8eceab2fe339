import { z } from "zod";
import type { FolderSyncState, SettingsFingerprint } from "../core/sync_state.ts";
import { decodeFolderPhase, encodeFolderPhase, FolderPhaseJson } from "./folder_phase_json.ts";
import { present } from "./present.ts";
import { encodeSkippedItem, SkippedItemJson } from "./skipped_item_json.ts";
import { type Decoded, decodeVersionedJson, encodeVersionedJson } from "./versioned_json.ts";
import { WireTime } from "./wire_time.ts";

const Fingerprint = z.object({
  start_timestamp: WireTime.optional(),
  participants: z.string().optional(),
}).transform(({ start_timestamp: startTimestamp, participants }): SettingsFingerprint =>
  present({ startTimestamp, participants })
);

/** A digest of all settings, as states held it once, does not say which of them changed. */
const FormerFingerprint = z.string().transform(() => undefined);

const Common = z.object({
  /** States written before there was another have none. */
  api: z.enum(["ews", "graph", "unknown"]).default("ews"),
  folder_id: z.string(),
  folder_path: z.array(z.string()),
  folder_role: z.string().optional(),
  synced_until: WireTime.optional(),
  last_synced_at: WireTime.optional(),
  gone_since: WireTime.optional(),
  fingerprint: z.union([Fingerprint, FormerFingerprint]).optional(),
  skipped: z.array(SkippedItemJson),
});

/** Fields beyond these are tolerated and dropped with the next write. */
const State = z.intersection(Common, FolderPhaseJson).transform((wire): FolderSyncState =>
  present({
    api: wire.api,
    folder: present({ id: wire.folder_id, path: wire.folder_path, role: wire.folder_role }),
    phase: decodeFolderPhase(wire),
    syncedUntil: wire.synced_until,
    lastSyncedAt: wire.last_synced_at,
    goneSince: wire.gone_since,
    fingerprint: wire.fingerprint,
    skipped: wire.skipped,
  })
);

/** A folder's state as `encodeVersionedJson` writes it. */
export function encodeFolderState(
  state: FolderSyncState,
  writer: { readonly mailbox: string; readonly programVersion: string },
): string {
  const { fingerprint } = state;
  return encodeVersionedJson({
    mailbox: writer.mailbox,
    folder_path: state.folder.path,
    folder_role: state.folder.role,
    folder_id: state.folder.id,
    api: state.api,
    ...encodeFolderPhase(state.phase),
    synced_until: state.syncedUntil,
    last_synced_at: state.lastSyncedAt,
    gone_since: state.goneSince,
    fingerprint: fingerprint && {
      start_timestamp: fingerprint.startTimestamp,
      participants: fingerprint.participants,
    },
    skipped: state.skipped.map(encodeSkippedItem),
  }, writer.programVersion);
}

/** Reads what `encodeFolderState` wrote, in UTF-8, or says why it cannot. */
export function decodeFolderState(bytes: Uint8Array): Decoded<FolderSyncState> {
  return decodeVersionedJson(bytes, State);
}
