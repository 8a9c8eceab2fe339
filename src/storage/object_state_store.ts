import type { CallOptions, Env } from "../core/env.ts";
import { assert, SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { MailboxStateStore, StateStore } from "../core/ports.ts";
import { Semaphore } from "../core/semaphore.ts";
import type { FolderSyncState } from "../core/sync_state.ts";
import { type DecodedState, decodeFolderState, encodeFolderState } from "./folder_state_json.ts";
import { KeyedQueue } from "./keyed_queue.ts";
import {
  dataFolderOf,
  isStateFileName,
  lockNameOf,
  stateFileNameOf,
  stateFolderOf,
  stateNameOf,
} from "./layout.ts";
import { mapWithin } from "./map_within.ts";
import type { ObjectStore } from "./object_store.ts";

export interface ObjectStateStoreOptions {
  readonly store: ObjectStore;
  readonly env: Pick<Env, "clock" | "log">;
  /** Written into every state, for the message of an older program that meets it. */
  readonly programVersion: string;
}

/** Folder states as one object each, guarded by one lock per mailbox (spec section 5). */
export class ObjectStateStore implements StateStore {
  readonly #options: ObjectStateStoreOptions;
  readonly #reads = new Semaphore(LIMITS.fileCallsInFlight);

  constructor(options: ObjectStateStoreOptions) {
    this.#options = options;
  }

  async open(mailbox: Mailbox, options: CallOptions): Promise<MailboxStateStore> {
    const { store } = this.#options;
    const lock = await store.lock(lockNameOf(mailbox), dataFolderOf(mailbox), options);
    if (!lock) throw mailboxLocked(mailbox);
    try {
      const loaded = await this.#load(mailbox, options);
      return new ObjectMailboxStates(mailbox, loaded, lock, this.#options);
    } catch (thrown) {
      await lock[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  async #load(mailbox: Mailbox, options: CallOptions): Promise<readonly FolderSyncState[]> {
    const { store } = this.#options;
    const names = await store.list(stateFolderOf(mailbox), options);
    const states = await mapWithin(
      this.#reads,
      names.filter(isStateFileName),
      (fileName, inner) => this.#loadOne(mailbox, fileName, inner),
      options,
    );
    return states.filter((state) => state !== undefined);
  }

  async #loadOne(
    mailbox: Mailbox,
    fileName: string,
    options: CallOptions,
  ): Promise<FolderSyncState | undefined> {
    const name = `${stateFolderOf(mailbox)}/${fileName}`;
    const bytesMax = LIMITS.folderStateBytesMax;
    const bytes = await this.#options.store.read(name, { ...options, bytesMax });
    if (!bytes) return undefined;
    const decoded = ofThatName(decodeFolderState(bytes), fileName);
    switch (decoded.kind) {
      case "state":
        return decoded.state;
      case "newer":
        throw stateFormatNewer(name, decoded);
      case "garbage":
        await this.#keepAside(mailbox, name, decoded.reason, options);
        return undefined;
    }
  }

  async #keepAside(
    mailbox: Mailbox,
    name: string,
    reason: string,
    options: CallOptions,
  ): Promise<void> {
    const { store, env } = this.#options;
    const aside = `${name}.garbage-${env.clock.now().toISOString().replaceAll(/[-:.]/g, "")}`;
    await store.rename(name, aside, options);
    env.log.warn("Stored state is unreadable; it is kept aside and the folder starts again.", {
      mailbox: mailbox.address,
      file: aside,
      reason,
    });
  }
}

class ObjectMailboxStates implements MailboxStateStore {
  readonly loaded: readonly FolderSyncState[];
  readonly #mailbox: Mailbox;
  readonly #options: ObjectStateStoreOptions;
  readonly #lock: AsyncDisposable;
  readonly #queue = new KeyedQueue();
  #disposed = false;

  constructor(
    mailbox: Mailbox,
    loaded: readonly FolderSyncState[],
    lock: AsyncDisposable,
    options: ObjectStateStoreOptions,
  ) {
    this.#mailbox = mailbox;
    this.loaded = loaded;
    this.#lock = lock;
    this.#options = options;
  }

  async save(state: FolderSyncState, options: CallOptions): Promise<void> {
    assert(!this.#disposed, "state is saved only while the mailbox is held");
    const { store, programVersion } = this.#options;
    const name = stateNameOf(this.#mailbox, state.folder.id);
    const mailbox = this.#mailbox.address;
    const content = new TextEncoder().encode(encodeFolderState(state, { mailbox, programVersion }));
    await this.#queue.run([name], () => store.replace(name, content, options), options);
  }

  /** Waits for saves under way: the next holder must not meet our writes. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#queue.idle();
    await this.#lock[Symbol.asyncDispose]();
  }
}

/** A state copied under another folder's name would be loaded twice. */
function ofThatName(decoded: DecodedState, fileName: string): DecodedState {
  if (decoded.kind !== "state" || stateFileNameOf(decoded.state.folder.id) === fileName) {
    return decoded;
  }
  return { kind: "garbage", reason: "belongs to another folder" };
}

function mailboxLocked({ address }: Mailbox): SyncError {
  return new SyncError(
    "mailbox",
    "MailboxLocked",
    `Mailbox "${address}" is held by another process`,
    {
      hint:
        "Stop the other instance that syncs this mailbox to the same place, or wait until it ends",
      context: { mailbox: address },
    },
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
