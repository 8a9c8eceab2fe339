import type { CallOptions, Clock } from "../core/env.ts";
import type { Folder } from "../core/mailbox.ts";
import type { MailboxStateStore } from "../core/ports.ts";
import { firstSight, type FirstSightOptions, type FolderSyncState } from "../core/sync_state.ts";

/**
 * A state in which only times moved is written this often: an idle appliance on 500 mailboxes would
 * otherwise write every folder whenever it is asked, and an older token or time only repeats a little
 * work. Longer than a folder is left alone, or each time it is asked would be a write.
 */
const IDLE_SAVE_INTERVAL_MS = 15 * 60_000;

interface Entry {
  readonly state: FolderSyncState;
  readonly savedAtMs: number;
  readonly unsaved: boolean;
}

export interface FolderStatesOptions {
  /**
   * Begin anew (`start_from: config`): what the store holds is ignored and is replaced when first
   * committed, except for folders in this set, which have begun in this process; those that begin
   * are added to it.
   */
  readonly anew?: Set<string> | undefined;
}

/** The states of one mailbox's folders: in memory always current, in the store when it matters. */
export class FolderStates {
  readonly #store: MailboxStateStore;
  readonly #clock: Clock;
  readonly #anew: Set<string> | undefined;
  readonly #entries = new Map<string, Entry>();
  #startAt: Date | undefined;

  constructor(store: MailboxStateStore, clock: Clock, { anew }: FolderStatesOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#anew = anew;
    this.#startAt = anew ? undefined : store.startAt;
    const savedAtMs = clock.monotonicMs();
    for (const state of store.loaded) {
      if (anew && !anew.has(state.folder.id)) continue;
      this.#entries.set(state.folder.id, { state, savedAtMs, unsaved: false });
    }
  }

  of({ id }: { readonly id: string }): FolderSyncState | undefined {
    return this.#entries.get(id)?.state;
  }

  /**
   * Makes the states of folders durable that are there when the mailbox is synced first, where they
   * do not begin at their oldest email (`MailboxStateStore.startAt`); once. What is not durable when
   * the process ends begins at its oldest email after all.
   */
  async begin(
    folders: readonly Folder[],
    sight: Omit<FirstSightOptions, "since">,
    options: CallOptions,
  ): Promise<void> {
    const since = this.#startAt;
    if (!since) return;
    for (const folder of folders) {
      if (this.of(folder)) continue;
      await this.commit(firstSight(folder, { ...sight, since }), options);
    }
    this.#startAt = undefined;
  }

  /** The states of all folders, also of those that are gone. */
  all(): readonly FolderSyncState[] {
    return [...this.#entries.values()].map(({ state }) => state);
  }

  /** Makes a state durable: something was settled by it, or its phase changed. */
  async commit(state: FolderSyncState, options: CallOptions): Promise<void> {
    await this.#store.save(state, options);
    this.#anew?.add(state.folder.id);
    this.#entries.set(state.folder.id, {
      state,
      savedAtMs: this.#clock.monotonicMs(),
      unsaved: false,
    });
  }

  /** Keeps a state by which nothing was settled, and writes it now and then. */
  async note(state: FolderSyncState, options: CallOptions): Promise<void> {
    const savedAtMs = this.#entries.get(state.folder.id)?.savedAtMs;
    const due = savedAtMs === undefined ||
      this.#clock.monotonicMs() - savedAtMs >= IDLE_SAVE_INTERVAL_MS;
    if (due) return await this.commit(state, options);
    this.#entries.set(state.folder.id, { state, savedAtMs, unsaved: true });
  }

  /** Forgets the state of a folder, durably. */
  async remove(folderId: string, options: CallOptions): Promise<void> {
    await this.#store.remove(folderId, options);
    this.#entries.delete(folderId);
  }

  /** Writes what `note` kept back. */
  async flush(options: CallOptions): Promise<void> {
    for (const { state, unsaved } of this.#entries.values()) {
      if (unsaved) await this.commit(state, options);
    }
  }
}
