import type { EmailRecord, RawEmail } from "../../core/email.ts";
import { SyncError } from "../../core/errors.ts";
import type { Mailbox } from "../../core/mailbox.ts";
import type {
  MailboxSink,
  MailboxStates,
  MailboxStateStore,
  PutOutcome,
  RefreshOptions,
  Sink,
  StateStore,
} from "../../core/ports.ts";
import type { FolderSyncState, MailboxCondition } from "../../core/sync_state.ts";
import type { Fault } from "./fault.ts";

/** A destination in memory that outlives the workers that write to it. */
export class MemoryDestination implements Sink, StateStore {
  /** Emails by their id. */
  readonly emails = new Map<string, EmailRecord & { readonly rebuilt?: boolean }>();
  readonly states = new Map<string, FolderSyncState>();
  readonly conditions = new Map<string, MailboxCondition>();
  readonly #locked = new Set<string>();
  /** Ids of the folders that have had a state, by mailbox address. */
  readonly #folders = new Map<string, Set<string>>();
  fault: Fault = () => undefined;
  /** Ids of emails that the sink will not have. */
  readonly unwanted = new Set<string>();
  /** False: it cannot be asked what it stores, as the platform cannot. */
  canTell = true;
  /** Ids of emails in the order in which they were stored. */
  readonly puts: string[] = [];
  probes = 0;
  saves = 0;

  probe(): Promise<void> {
    this.probes++;
    return this.#call("probe", "", () => undefined);
  }

  open(mailbox: Mailbox): Promise<MailboxSink & MailboxStateStore> {
    return this.#call("open", mailbox.address, () => {
      this.#locked.add(mailbox.address);
      return { ...this.#sinkOf(mailbox), ...this.#statesOf(mailbox) };
    });
  }

  read({ address }: Mailbox): Promise<MailboxStates> {
    return this.#call("read", address, () => {
      const condition = this.conditions.get(address);
      const folders = this.#loaded(address);
      return { folders, unreadable: [], ...(condition ? { condition } : {}) };
    });
  }

  isLocked({ address }: Mailbox): boolean {
    return this.#locked.has(address);
  }

  #loaded(address: string): readonly FolderSyncState[] {
    const ids = this.#folders.get(address) ?? new Set();
    return [...this.states.values()].filter(({ folder }) => ids.has(folder.id));
  }

  #sinkOf({ address }: Mailbox): MailboxSink {
    return {
      refresh: (records, options) =>
        this.#call("refresh", address, () => {
          const stored = records.filter((record) => this.#refreshed(record, options));
          const { complete = [], rebuilt = [] } = Object.groupBy(
            stored,
            ({ id }) => this.emails.get(id)!.rebuilt ? "rebuilt" : "complete",
          );
          const keys = (some: readonly EmailRecord[]) => new Set(some.map(({ key }) => key));
          return { complete: keys(complete), rebuilt: keys(rebuilt) };
        }),
      keys: () => keysOf(this.emails.values()),
      put: (emails) => this.#call("put", address, () => emails.map((email) => this.#put(email))),
    };
  }

  #statesOf({ address }: Mailbox): MailboxStateStore {
    return {
      loaded: this.#loaded(address),
      save: (state) =>
        this.#call("save", state.folder.id, () => {
          this.saves++;
          this.states.set(state.folder.id, state);
          const ids = this.#folders.get(address) ?? new Set();
          this.#folders.set(address, ids.add(state.folder.id));
        }),
      remove: (folderId) =>
        this.#call("remove", folderId, () => {
          this.states.delete(folderId);
        }),
      saveCondition: (condition) =>
        this.#call("save condition", address, () => {
          this.conditions.set(address, condition);
        }),
      [Symbol.asyncDispose]: () => {
        this.#locked.delete(address);
        return Promise.resolve();
      },
    };
  }

  #refreshed(record: EmailRecord, { volatileSince, rewrite }: RefreshOptions): boolean {
    const stored = this.emails.get(record.id);
    if (!stored || !this.canTell) return false;
    const { receivedAt, sizeBytes } = record.metadata;
    const isVolatile = receivedAt !== undefined && receivedAt >= volatileSince;
    if (isVolatile && sizeBytes !== stored.metadata.sizeBytes) return false;
    const isMoved = `${stored.metadata.folder}` !== `${record.metadata.folder}`;
    if (rewrite === "always" || rewrite === "moved" && isMoved) {
      this.emails.set(record.id, { ...stored, ...record });
    }
    return true;
  }

  #put(email: RawEmail): PutOutcome {
    if (this.unwanted.has(email.id)) {
      const error = new SyncError("item", "EmailRefused", "The sink will not have it");
      return { key: email.key, stored: false, error, refused: true };
    }
    this.emails.set(email.id, email);
    this.puts.push(email.id);
    return { key: email.key, stored: true, sizeBytes: email.mime.sizeBytes ?? 0 };
  }

  #call<T>(call: string, subject: string, answer: () => T): Promise<T> {
    const error = this.fault(call, subject);
    return error ? Promise.reject(error) : Promise.resolve(answer());
  }
}

async function* keysOf(emails: Iterable<EmailRecord>): AsyncGenerator<string> {
  for (const { key } of emails) yield await Promise.resolve(key);
}
