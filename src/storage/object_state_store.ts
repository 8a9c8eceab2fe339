import type { CallOptions, Env } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { MailboxStates, MailboxStateStore, StateStore } from "../core/ports.ts";
import { Semaphore } from "../core/semaphore.ts";
import { dataFolderOf, lockNameOf } from "./layout.ts";
import { ObjectMailboxStates } from "./object_mailbox_states.ts";
import type { ObjectStore } from "./object_store.ts";
import { type Garbage, readStoredStates, type StoredStates } from "./stored_states.ts";

export interface ObjectStateStoreOptions {
  readonly store: ObjectStore;
  readonly env: Pick<Env, "clock" | "log">;
  /** Written into every state, for the message of an older program that meets it. */
  readonly programVersion: string;
}

/** Folder states as one object each, guarded by one lock per mailbox (spec section 5). */
export class ObjectStateStore implements StateStore {
  readonly #options: ObjectStateStoreOptions;
  readonly #slots = new Semaphore(LIMITS.fileCallsInFlight);

  constructor(options: ObjectStateStoreOptions) {
    this.#options = options;
  }

  async open(mailbox: Mailbox, options: CallOptions): Promise<MailboxStateStore> {
    const { store, programVersion } = this.#options;
    const lock = await store.lock(lockNameOf(mailbox), dataFolderOf(mailbox), options);
    if (!lock) throw mailboxLocked(mailbox);
    try {
      const { folders: loaded, garbage } = await this.#stored(mailbox, options);
      for (const one of garbage) await this.#keepAside(mailbox, one, options);
      return new ObjectMailboxStates({ mailbox, loaded, lock, store, programVersion });
    } catch (thrown) {
      await lock[Symbol.asyncDispose]();
      throw thrown;
    }
  }

  async read(mailbox: Mailbox, options: CallOptions): Promise<MailboxStates> {
    const { folders, condition, garbage } = await this.#stored(mailbox, options);
    const unreadable = garbage.map(({ name }) => name);
    return { folders, unreadable, ...(condition ? { condition } : {}) };
  }

  async #stored(mailbox: Mailbox, { signal }: CallOptions): Promise<StoredStates> {
    const { store, env } = this.#options;
    const stored = await readStoredStates(store, mailbox, { signal, slots: this.#slots });
    const { garbageCondition } = stored;
    if (garbageCondition) {
      env.log.warn("Stored condition of the mailbox is unreadable; it counts as absent.", {
        mailbox: mailbox.address,
        file: garbageCondition.name,
        reason: garbageCondition.reason,
      });
    }
    return stored;
  }

  async #keepAside(
    mailbox: Mailbox,
    { name, reason }: Garbage,
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
