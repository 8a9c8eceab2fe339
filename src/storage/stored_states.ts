import type { CallOptions } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { Semaphore } from "../core/semaphore.ts";
import type { FolderSyncState, MailboxCondition } from "../core/sync_state.ts";
import { decodeFolderState } from "./folder_state_json.ts";
import { conditionNameOf, isStateFileName, stateFileNameOf, stateFolderOf } from "./layout.ts";
import { decodeMailboxCondition } from "./mailbox_condition_json.ts";
import { mapWithin } from "./map_within.ts";
import type { ObjectStore } from "./object_store.ts";
import type { Decoded } from "./versioned_json.ts";

/** What lies in a mailbox's state folder. */
export interface StoredStates {
  readonly folders: readonly FolderSyncState[];
  readonly condition?: MailboxCondition;
  /** Folder states that cannot be read. */
  readonly garbage: readonly Garbage[];
  /** The condition, if it cannot be read. */
  readonly garbageCondition?: Garbage;
}

/** An object that is not what its name says. */
export interface Garbage {
  readonly name: string;
  /** What is wrong, in a few words that quote nothing. */
  readonly reason: string;
}

interface Found<T> {
  readonly name: string;
  readonly decoded: Exclude<Decoded<T>, { readonly kind: "newer" }>;
}

/**
 * Reads all that is stored of a mailbox's progress and changes nothing; what comes or goes meanwhile
 * may be in it or not. Rejects with kind `fatal` and code `StateFormatNewer` if a newer version
 * wrote any of it.
 */
export async function readStoredStates(
  store: ObjectStore,
  mailbox: Mailbox,
  { signal, slots }: CallOptions & { readonly slots: Semaphore },
): Promise<StoredStates> {
  const folder = stateFolderOf(mailbox);
  const fileNames = (await store.list(folder, { signal })).filter(isStateFileName);
  const look = (fileName: string, options: CallOptions) => {
    const decode = (bytes: Uint8Array) => ofThatName(decodeFolderState(bytes), fileName);
    return readOne(store, `${folder}/${fileName}`, decode, options);
  };
  const found = (await mapWithin(slots, fileNames, look, { signal }))
    .filter((state) => state !== undefined);
  const condition = await readOne(store, conditionNameOf(mailbox), decodeMailboxCondition, {
    signal,
  });
  const [garbageCondition] = condition ? garbageOf([condition]) : [];
  return {
    folders: valuesOf(found),
    garbage: garbageOf(found),
    ...(condition?.decoded.kind === "whole" ? { condition: condition.decoded.value } : {}),
    ...(garbageCondition ? { garbageCondition } : {}),
  };
}

async function readOne<T>(
  store: ObjectStore,
  name: string,
  decode: (bytes: Uint8Array) => Decoded<T>,
  options: CallOptions,
): Promise<Found<T> | undefined> {
  const bytesMax = LIMITS.folderStateBytesMax;
  const bytes = await store.read(name, { ...options, bytesMax });
  if (!bytes) return undefined;
  const decoded = decode(bytes);
  if (decoded.kind === "newer") throw stateFormatNewer(name, decoded);
  return { name, decoded };
}

/** A state copied under another folder's name would be there twice. */
function ofThatName(
  decoded: Decoded<FolderSyncState>,
  fileName: string,
): Decoded<FolderSyncState> {
  if (decoded.kind !== "whole" || stateFileNameOf(decoded.value.folder.id) === fileName) {
    return decoded;
  }
  return { kind: "garbage", reason: "belongs to another folder" };
}

function valuesOf<T>(found: readonly Found<T>[]): readonly T[] {
  return found.flatMap(({ decoded }) => decoded.kind === "whole" ? [decoded.value] : []);
}

function garbageOf<T>(found: readonly Found<T>[]): readonly Garbage[] {
  return found.flatMap(({ name, decoded }) =>
    decoded.kind === "garbage" ? [{ name, reason: decoded.reason }] : []
  );
}

function stateFormatNewer(
  name: string,
  { version, writtenBy }: { readonly version: number; readonly writtenBy: string },
): SyncError {
  const message = `State "${name}" has format ${version}, written by "${writtenBy}"`;
  return new SyncError("fatal", "StateFormatNewer", message, {
    hint: "Run that version or a later one; this one leaves the state as it is",
  });
}
