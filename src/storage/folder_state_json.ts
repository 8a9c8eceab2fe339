import { z } from "zod";
import type {
  BackfillPosition,
  FolderPhase,
  FolderSyncState,
  SkippedItem,
} from "../core/sync_state.ts";

/** Version of the format below. A change that an older program would misread makes it one more. */
const FORMAT_VERSION = 1;

const PROGRAM = "reinfer-ews";

const ISO_TIME = /^(?:\d{4}|[+-]\d{6})-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/;

/** Not zod's own check: it refuses the years beyond 9999 that `toISOString` can write. */
const Time = z.string().refine((text) => ISO_TIME.test(text) && !Number.isNaN(Date.parse(text)))
  .transform((text) => new Date(text));
const Count = z.int().min(0);

const Envelope = z.object({ version: z.int().min(1), written_by: z.string().optional() });

const Position = z.object({
  received_at: Time.optional(),
  settled_at_that_time: Count,
  last_item_id: z.string().optional(),
});

const Skipped = z.object({
  item_id: z.string(),
  id: z.string().optional(),
  received_at: Time.optional(),
  size: Count.optional(),
  code: z.string(),
  reason: z.string(),
  skipped_at: Time,
});

const Common = z.object({
  folder_id: z.string(),
  folder_path: z.array(z.string()),
  synced_until: Time.optional(),
  last_synced_at: Time.optional(),
  fingerprint: z.string(),
  skipped: z.array(Skipped),
});

/** Fields beyond these are tolerated and dropped with the next write. */
const State = z.discriminatedUnion("phase", [
  Common.extend({ phase: z.literal("draining"), token: z.string().optional() }),
  Common.extend({
    phase: z.literal("backfilling"),
    token: z.string(),
    position: Position.optional(),
  }),
  Common.extend({ phase: z.literal("following"), token: z.string() }),
]);

export type DecodedState =
  | { readonly kind: "state"; readonly state: FolderSyncState }
  /** A newer version's: never touched. */
  | { readonly kind: "newer"; readonly version: number; readonly writtenBy: string }
  /** Neither; `reason` says what is wrong in a few words without quoting the content. */
  | { readonly kind: "garbage"; readonly reason: string };

/** A folder's state as human-readable JSON with a final newline; times are ISO 8601 in UTC. */
export function encodeFolderState(
  state: FolderSyncState,
  writer: { readonly mailbox: string; readonly programVersion: string },
): string {
  const { phase } = state;
  const wire = {
    version: FORMAT_VERSION,
    written_by: `${PROGRAM} ${writer.programVersion}`,
    mailbox: writer.mailbox,
    folder_path: state.folder.path,
    folder_id: state.folder.id,
    phase: phase.name,
    token: phase.token,
    position: phase.name === "backfilling" ? encodePosition(phase.position) : undefined,
    synced_until: state.syncedUntil,
    last_synced_at: state.lastSyncedAt,
    fingerprint: state.fingerprint,
    skipped: state.skipped.map(encodeSkipped),
  };
  return `${JSON.stringify(wire, undefined, 2)}\n`;
}

/** Reads what `encodeFolderState` wrote, in UTF-8, or says why it cannot. */
export function decodeFolderState(bytes: Uint8Array): DecodedState {
  let json: unknown;
  try {
    // Not lenient: a token with a damaged byte is another token.
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return { kind: "garbage", reason: "not JSON in UTF-8, or cut" };
  }
  const envelope = Envelope.safeParse(json);
  if (!envelope.success) return { kind: "garbage", reason: problemOf(envelope.error) };
  const { version, written_by: writtenBy = "an unnamed program" } = envelope.data;
  if (version > FORMAT_VERSION) return { kind: "newer", version, writtenBy };
  const wire = State.safeParse(json);
  if (!wire.success) return { kind: "garbage", reason: problemOf(wire.error) };
  return { kind: "state", state: decodeState(wire.data) };
}

function problemOf(error: z.ZodError): string {
  const issue = error.issues[0];
  return `${issue?.code ?? "invalid"} at "${issue?.path.join(".") ?? ""}"`;
}

function encodePosition(position: BackfillPosition | undefined) {
  return position && {
    received_at: position.receivedAt,
    settled_at_that_time: position.settledAtThatTime,
    last_item_id: position.lastItemId,
  };
}

function encodeSkipped(skip: SkippedItem) {
  return {
    item_id: skip.itemId,
    id: skip.id,
    received_at: skip.receivedAt,
    size: skip.sizeBytes,
    code: skip.code,
    reason: skip.reason,
    skipped_at: skip.skippedAt,
  };
}

function decodeState(wire: z.infer<typeof State>): FolderSyncState {
  return {
    folder: { id: wire.folder_id, path: wire.folder_path },
    phase: decodePhase(wire),
    ...(wire.synced_until ? { syncedUntil: wire.synced_until } : {}),
    ...(wire.last_synced_at ? { lastSyncedAt: wire.last_synced_at } : {}),
    fingerprint: wire.fingerprint,
    skipped: wire.skipped.map(decodeSkipped),
  };
}

function decodePhase(wire: z.infer<typeof State>): FolderPhase {
  switch (wire.phase) {
    case "draining":
      return { name: "draining", ...(wire.token === undefined ? {} : { token: wire.token }) };
    case "backfilling": {
      const position = wire.position && decodePosition(wire.position);
      return { name: "backfilling", token: wire.token, ...(position ? { position } : {}) };
    }
    case "following":
      return { name: "following", token: wire.token };
  }
}

function decodePosition(wire: z.infer<typeof Position>): BackfillPosition {
  return {
    ...(wire.received_at ? { receivedAt: wire.received_at } : {}),
    settledAtThatTime: wire.settled_at_that_time,
    ...(wire.last_item_id === undefined ? {} : { lastItemId: wire.last_item_id }),
  };
}

function decodeSkipped(wire: z.infer<typeof Skipped>): SkippedItem {
  return {
    itemId: wire.item_id,
    ...(wire.id === undefined ? {} : { id: wire.id }),
    ...(wire.received_at ? { receivedAt: wire.received_at } : {}),
    ...(wire.size === undefined ? {} : { sizeBytes: wire.size }),
    code: wire.code,
    reason: wire.reason,
    skippedAt: wire.skipped_at,
  };
}
