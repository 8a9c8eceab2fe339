import { createHash } from "node:crypto";
import type { RawEmail } from "../../src/core/email.ts";
import type { CallOptions } from "../../src/core/env.ts";
import { SyncError } from "../../src/core/errors.ts";
import { mapBounded } from "../../src/core/map_bounded.ts";
import type { Mailbox } from "../../src/core/mailbox.ts";
import { mimeChunks } from "../../src/core/mime_content.ts";
import type {
  MailboxSink,
  MailboxStates,
  MailboxStateStore,
  PutOutcome,
  Sink,
  StateStore,
} from "../../src/core/ports.ts";
import type { FolderSyncState } from "../../src/core/sync_state.ts";

/** As many as the appliance writes at one time by default. */
const UPLOADS = 8;

/** Hashes what it is given, as every real sink does, and keeps nothing of it. */
export class NullDestination implements Sink, StateStore {
  readonly #states = new Map<string, Map<string, FolderSyncState>>();

  probe(): Promise<void> {
    return Promise.resolve();
  }

  open({ address }: Mailbox): Promise<MailboxSink & MailboxStateStore> {
    const states = this.#statesOf(address);
    return Promise.resolve({
      refresh: () => Promise.resolve({ complete: new Set(), rebuilt: new Set() }),
      async *keys() {},
      put: (emails, options) => mapBounded(emails, UPLOADS, (email) => hashed(email, options)),
      loaded: [...states.values()],
      save: (state) => {
        states.set(state.folder.id, state);
        return Promise.resolve();
      },
      remove: (folderId) => {
        states.delete(folderId);
        return Promise.resolve();
      },
      saveCondition: () => Promise.resolve(),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  }

  read({ address }: Mailbox): Promise<MailboxStates> {
    return Promise.resolve({ folders: [...this.#statesOf(address).values()], unreadable: [] });
  }

  #statesOf(address: string): Map<string, FolderSyncState> {
    const states = this.#states.get(address) ?? new Map<string, FolderSyncState>();
    this.#states.set(address, states);
    return states;
  }
}

async function hashed({ key, mime }: RawEmail, { signal }: CallOptions): Promise<PutOutcome> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  try {
    for await (const chunk of mimeChunks(mime, signal)) {
      hash.update(chunk);
      sizeBytes += chunk.byteLength;
    }
  } catch (error) {
    if (!(error instanceof SyncError)) throw error;
    return { key, stored: false, error };
  }
  hash.digest();
  return { key, stored: true, sizeBytes };
}
