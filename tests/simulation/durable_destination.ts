import { createHash } from "node:crypto";
import type { EmailRecord, RawEmail } from "../../src/core/email.ts";
import { SyncError } from "../../src/core/errors.ts";
import type { Mailbox } from "../../src/core/mailbox.ts";
import type {
  MailboxSink,
  MailboxStates,
  MailboxStateStore,
  PutOutcome,
  RefreshOptions,
  Sink,
  StateStore,
  StoredKeys,
} from "../../src/core/ports.ts";
import type { FolderSyncState } from "../../src/core/sync_state.ts";
import { decodeFolderState, encodeFolderState } from "../../src/storage/folder_state_json.ts";

/** What can happen to a call of the destination. */
export type DestinationFault = "refused" | "answer lost";

export interface StoredEmail {
  readonly record: EmailRecord;
  readonly sha256: string;
  readonly rebuilt: boolean;
}

/** What outlives a process: emails by key, and states as the text that is really written. */
export class DurableDestination {
  readonly emails = new Map<string, StoredEmail>();
  readonly #states = new Map<string, string>();
  /** States of which the writer knows that they are written; of a lost answer it does not. */
  readonly #acknowledged = new Map<string, FolderSyncState>();
  /** Chooses what happens to the next write; absent: nothing bad. */
  fault: () => DestinationFault | undefined = () => undefined;
  /** Told of each state that is to be written, while it is not. */
  onState: (address: string, state: FolderSyncState) => void = () => {};

  /** The destination as one process sees it: once `crashed`, no call of it ever answers. */
  openedBy(process: { readonly crashed: boolean }): Sink & StateStore {
    const alive = async <T>(action: () => Promise<T> | T): Promise<T> => {
      if (process.crashed) await new Promise<never>(() => {});
      const result = await action();
      if (process.crashed) await new Promise<never>(() => {});
      return result;
    };
    return {
      probe: () => alive(() => this.#write(() => undefined)),
      open: (mailbox) => alive(() => this.#mailbox(mailbox, alive)),
      read: (mailbox) => alive(() => this.#read(mailbox)),
    };
  }

  /** The states of a mailbox's folders. */
  statesOf(address: string): readonly FolderSyncState[] {
    const texts = [...this.#states].filter(([name]) => name.startsWith(`${address}\n`));
    return texts.map(([, text]) => decoded(text));
  }

  #mailbox(
    mailbox: Mailbox,
    alive: <T>(action: () => Promise<T> | T) => Promise<T>,
  ): MailboxSink & MailboxStateStore {
    const nameOf = (folderId: string) => `${mailbox.address}\n${folderId}`;
    return {
      loaded: this.#read(mailbox).folders,
      save: (state) =>
        alive(() => {
          const names = { mailbox: mailbox.address, programVersion: "0" };
          const name = nameOf(state.folder.id);
          this.onState(mailbox.address, state);
          this.#write(() => {
            assertForward(this.#acknowledged.get(name), state);
            assertForward(this.#formerOf(mailbox, state), state);
            this.#states.set(name, encodeFolderState(state, names));
          });
          this.#acknowledged.set(name, state);
        }),
      remove: (folderId) =>
        alive(() =>
          this.#write(() => {
            this.#states.delete(nameOf(folderId));
            this.#acknowledged.delete(nameOf(folderId));
          })
        ),
      saveCondition: () => alive(() => this.#write(() => undefined)),
      refresh: (records, options) =>
        alive(() => this.#write(() => this.#refresh(records, options))),
      keys: () => keysOf(this.emails),
      put: async (emails, { signal }) => {
        const hashed: HashedEmail[] = [];
        for (const email of emails) hashed.push(await this.#hash(email, signal));
        return await alive(() => this.#write(() => hashed.map((one) => this.#put(one))));
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  /** The state of the other api from which a folder goes on by its path, if it is but one. */
  #formerOf({ address }: Mailbox, { api, folder }: FolderSyncState): FolderSyncState | undefined {
    const states = this.statesOf(address);
    if (states.some(({ folder: { id } }) => id === folder.id)) return undefined;
    const formers = states.filter((former) =>
      former.api !== api && !former.goneSince && `${former.folder.path}` === `${folder.path}`
    );
    return formers.length === 1 ? formers[0] : undefined;
  }

  #read({ address }: Mailbox): MailboxStates {
    return { folders: this.statesOf(address), unreadable: [] };
  }

  #write<T>(action: () => T): T {
    const fault = this.fault();
    if (fault === "refused") throw failure();
    const result = action();
    if (fault === "answer lost") throw failure();
    return result;
  }

  #refresh(
    records: readonly EmailRecord[],
    { volatileSince, rewrite }: RefreshOptions,
  ): StoredKeys {
    const stored = records.filter(({ key, metadata }) => {
      const before = this.emails.get(key)?.record.metadata;
      const isVolatile = metadata.receivedAt && metadata.receivedAt >= volatileSince;
      return before && (!isVolatile || before.sizeBytes === metadata.sizeBytes);
    });
    for (const record of stored) {
      const before = this.emails.get(record.key)!;
      const isMoved = `${before.record.metadata.folder}` !== `${record.metadata.folder}`;
      if (rewrite === "always" || rewrite === "moved" && isMoved) {
        this.emails.set(record.key, { ...before, record });
      }
    }
    const { complete = [], rebuilt = [] } = Object.groupBy(
      stored,
      ({ key }) => this.emails.get(key)!.rebuilt ? "rebuilt" : "complete",
    );
    const keys = (some: readonly EmailRecord[]) => new Set(some.map(({ key }) => key));
    return { complete: keys(complete), rebuilt: keys(rebuilt) };
  }

  async #hash(email: RawEmail, signal: AbortSignal): Promise<HashedEmail> {
    const hash = createHash("sha256");
    let sizeBytes = 0;
    try {
      for await (const chunk of email.mime.open(signal)) {
        hash.update(chunk);
        sizeBytes += chunk.byteLength;
      }
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      return { email, error };
    }
    return { email, sizeBytes, sha256: hash.digest("hex") };
  }

  #put(hashed: HashedEmail): PutOutcome {
    const { key, rebuilt = false } = hashed.email;
    if ("error" in hashed) return { key, stored: false, error: hashed.error };
    const before = this.emails.get(key);
    // A stand-in never takes the place of the original.
    if (!rebuilt || !before || before.rebuilt) {
      this.emails.set(key, { record: hashed.email, sha256: hashed.sha256, rebuilt });
    } else if (before.record.metadata.sizeBytes === hashed.email.metadata.sizeBytes) {
      this.emails.set(key, { ...before, record: hashed.email });
    }
    return { key, stored: true, sizeBytes: hashed.sizeBytes };
  }
}

type HashedEmail =
  | { readonly email: RawEmail; readonly sizeBytes: number; readonly sha256: string }
  | { readonly email: RawEmail; readonly error: SyncError };

/** Synced until never goes backwards; what is thrown here ends the process as a defect. */
function assertForward(
  before: FolderSyncState | undefined,
  { syncedUntil, folder }: FolderSyncState,
): void {
  const earlier = before?.syncedUntil;
  if (!earlier || syncedUntil && syncedUntil >= earlier) return;
  throw new Error(`Synced until of ${folder.path.join("/")} goes backwards`);
}

function decoded(text: string): FolderSyncState {
  const found = decodeFolderState(new TextEncoder().encode(text));
  if (found.kind !== "whole") throw new Error(`State is ${found.kind}`);
  return found.value;
}

async function* keysOf(emails: ReadonlyMap<string, StoredEmail>): AsyncGenerator<string> {
  for (const key of emails.keys()) yield await Promise.resolve(key);
}

function failure(): SyncError {
  return new SyncError("destination", "DiskFull", "The disk is full");
}
