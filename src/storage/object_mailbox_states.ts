import type { CallOptions } from "../core/env.ts";
import { assert } from "../core/errors.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { MailboxStateStore } from "../core/ports.ts";
import type { FolderSyncState, MailboxCondition } from "../core/sync_state.ts";
import { encodeFolderState } from "./folder_state_json.ts";
import { KeyedQueue } from "./keyed_queue.ts";
import { conditionNameOf, stateNameOf } from "./layout.ts";
import { encodeMailboxCondition } from "./mailbox_condition_json.ts";
import type { ObjectStore } from "./object_store.ts";

export interface ObjectMailboxStatesOptions {
  readonly mailbox: Mailbox;
  readonly loaded: readonly FolderSyncState[];
  /** Held until the states are disposed. */
  readonly lock: AsyncDisposable;
  readonly store: ObjectStore;
  readonly programVersion: string;
}

/** States of one mailbox as objects of their own, while its lock is held. */
export class ObjectMailboxStates implements MailboxStateStore {
  readonly loaded: readonly FolderSyncState[];
  readonly #mailbox: Mailbox;
  readonly #store: ObjectStore;
  readonly #lock: AsyncDisposable;
  readonly #writer: { readonly mailbox: string; readonly programVersion: string };
  readonly #queue = new KeyedQueue();
  #disposed = false;

  constructor({ mailbox, loaded, lock, store, programVersion }: ObjectMailboxStatesOptions) {
    this.loaded = loaded;
    this.#mailbox = mailbox;
    this.#store = store;
    this.#lock = lock;
    this.#writer = { mailbox: mailbox.address, programVersion };
  }

  async save(state: FolderSyncState, options: CallOptions): Promise<void> {
    const name = stateNameOf(this.#mailbox, state.folder.id);
    await this.#replace(name, () => encodeFolderState(state, this.#writer), options);
  }

  async saveCondition(condition: MailboxCondition, options: CallOptions): Promise<void> {
    const name = conditionNameOf(this.#mailbox);
    await this.#replace(name, () => encodeMailboxCondition(condition, this.#writer), options);
  }

  async remove(folderId: string, options: CallOptions): Promise<void> {
    const name = stateNameOf(this.#mailbox, folderId);
    await this.#inTurn(name, () => this.#store.remove(name, options), options);
  }

  /** Waits for writes under way: the next holder must not meet ours. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#queue.idle();
    await this.#lock[Symbol.asyncDispose]();
  }

  async #replace(name: string, text: () => string, options: CallOptions): Promise<void> {
    const write = () => this.#store.replace(name, new TextEncoder().encode(text()), options);
    await this.#inTurn(name, write, options);
  }

  /** The last write of a name that was asked for is the one that stays. */
  async #inTurn(name: string, write: () => Promise<void>, options: CallOptions): Promise<void> {
    assert(!this.#disposed, "state is written only while the mailbox is held");
    await this.#queue.run([name], write, options);
  }
}
