import type { EmailRecord, ItemDescription, RawEmail } from "../../core/email.ts";
import type { Env, LogFields, Logger } from "../../core/env.ts";
import { SyncError } from "../../core/errors.ts";
import type { Folder, Mailbox } from "../../core/mailbox.ts";
import { heldMimeContent } from "../../core/mime_content.ts";
import type {
  Change,
  ChangePage,
  ChangesOptions,
  DescribeOutcome,
  FetchOutcome,
  FolderListing,
  FolderOf,
  ListOptions,
  ListPage,
  MailboxSink,
  MailboxStateStore,
  MailSource,
  PutOutcome,
  Sink,
  StateStore,
} from "../../core/ports.ts";
import type { FolderSyncState } from "../../core/sync_state.ts";
import { VirtualClock } from "../../../tests/simulation/virtual_clock.ts";

/** Asked before each call of a port; what it returns is thrown. */
export type Fault = (call: string, subject: string) => SyncError | undefined;

export interface LoggedLine {
  readonly level: string;
  readonly msg: string;
  readonly fields: LogFields;
}

/** Virtual time, fixed dice, and a log to look at. */
export function memoryEnv() {
  const clock = new VirtualClock(new Date("2026-01-01T00:00:00Z"));
  const lines: LoggedLine[] = [];
  const at = (level: string) => (msg: string, fields: LogFields = {}) => {
    lines.push({ level, msg, fields });
  };
  const log: Logger = {
    error: at("error"),
    warn: at("warn"),
    info: at("info"),
    debug: at("debug"),
    trace: at("trace"),
    with: () => log,
  };
  const env: Env = { clock, entropy: { next: () => 0.5 }, log };
  return { env, clock, lines };
}

interface MemoryItem {
  readonly itemId: string;
  readonly receivedAt: Date;
}

interface MemoryFolder extends Folder {
  readonly items: MemoryItem[];
  readonly changes: Change[];
}

/** Mailboxes in memory, as a source shows them. */
export class MemorySource implements MailSource {
  readonly #mailboxes = new Map<string, MemoryFolder[]>();
  readonly fetched: string[] = [];
  readonly calls: string[] = [];
  fault: Fault = () => undefined;
  #items = 0;

  addFolder(mailbox: Mailbox, name: string): MemoryFolder {
    const id = `${mailbox.address}/${name}`;
    const folder: MemoryFolder = { id, path: [name], items: [], changes: [] };
    this.#mailboxes.set(mailbox.address, [...this.#of(mailbox), folder]);
    return folder;
  }

  /** Mail arrives; received one minute apart unless said otherwise. Returns its item id. */
  arrive(folder: MemoryFolder, minute = this.#items): string {
    const itemId = `item-${this.#items++}`;
    const receivedAt = new Date(Date.UTC(2025, 0, 1, 0, minute));
    folder.items.push({ itemId, receivedAt });
    folder.changes.push({ kind: "create", itemId });
    return itemId;
  }

  probe(mailbox: Mailbox): Promise<void> {
    return this.#call("probe", mailbox.address, () => undefined);
  }

  folders(mailbox: Mailbox): Promise<FolderListing> {
    const serverTime = new Date("2026-01-01T00:00:00Z");
    return this.#call("folders", mailbox.address, () => ({
      folders: this.#of(mailbox),
      serverTime,
    }));
  }

  changes(at: FolderOf, { token, limit }: ChangesOptions): Promise<ChangePage> {
    return this.#call("changes", at.folder.id, () => {
      const { changes } = this.#folder(at);
      const begin = Number(token ?? 0);
      const end = Math.min(changes.length, begin + limit);
      return {
        changes: changes.slice(begin, end),
        token: `${end}`,
        complete: end === changes.length,
      };
    });
  }

  list(at: FolderOf, { position, since, limit }: ListOptions): Promise<ListPage> {
    return this.#call("list", at.folder.id, () => {
      const sorted = this.#folder(at).items
        .filter(({ receivedAt }) => !since || receivedAt >= since)
        .toSorted((a, b) => a.receivedAt.getTime() - b.receivedAt.getTime());
      const begin = sorted.findIndex(({ itemId }) => itemId === position?.lastItemId) + 1;
      const page = sorted.slice(begin, begin + limit);
      const last = page.at(-1);
      const itemIds = page.map(({ itemId }) => itemId);
      if (!last || begin + limit >= sorted.length) return { itemIds };
      const { receivedAt, itemId: lastItemId } = last;
      const settledAtThatTime = page.filter((item) => item.receivedAt >= receivedAt).length;
      return {
        itemIds,
        next: { receivedAt, settledAtThatTime, lastItemId },
        coveredUntil: receivedAt,
      };
    });
  }

  describe(at: FolderOf, itemIds: readonly string[]): Promise<readonly DescribeOutcome[]> {
    return this.#call("describe", at.folder.id, () =>
      itemIds.map((itemId) => {
        const item = this.#folder(at).items.find((candidate) => candidate.itemId === itemId);
        const error = new SyncError("item", "ErrorItemNotFound", "Gone");
        return item ? { itemId, item: descriptionOf(item) } : { itemId, error };
      }));
  }

  fetch(at: FolderOf, items: readonly ItemDescription[]): Promise<readonly FetchOutcome[]> {
    return this.#call("fetch", at.folder.id, () =>
      items.map(({ itemId }) => {
        const error = this.fault("fetch item", itemId);
        if (error) return { itemId, error };
        this.fetched.push(itemId);
        return { itemId, mime: heldMimeContent([new TextEncoder().encode(itemId)]) };
      }));
  }

  #call<T>(call: string, subject: string, answer: () => T): Promise<T> {
    this.calls.push(`${call} ${subject}`);
    const error = this.fault(call, subject);
    return error ? Promise.reject(error) : Promise.resolve(answer());
  }

  #of({ address }: Mailbox): MemoryFolder[] {
    return this.#mailboxes.get(address) ?? [];
  }

  #folder({ mailbox, folder }: FolderOf): MemoryFolder {
    return this.#of(mailbox).find(({ id }) => id === folder.id)!;
  }
}

function descriptionOf({ itemId, receivedAt }: MemoryItem): ItemDescription {
  return {
    itemId,
    internetMessageId: `<${itemId}@x>`,
    receivedAt,
    sizeBytes: 1_000,
    isMail: true,
    isDraft: false,
    metadata: {},
    attachments: [],
  };
}

/** A destination in memory that outlives the workers that write to it. */
export class MemoryDestination implements Sink, StateStore {
  /** Emails by their id. */
  readonly emails = new Map<string, EmailRecord>();
  readonly states = new Map<string, FolderSyncState>();
  readonly #locked = new Set<string>();
  fault: Fault = () => undefined;
  probes = 0;
  saves = 0;

  probe(): Promise<void> {
    this.probes++;
    return this.#call("probe", "", () => undefined);
  }

  open(mailbox: Mailbox): Promise<MailboxSink & MailboxStateStore> {
    return this.#call("open", mailbox.address, () => {
      this.#locked.add(mailbox.address);
      return this.#part(mailbox);
    });
  }

  isLocked({ address }: Mailbox): boolean {
    return this.#locked.has(address);
  }

  #part({ address }: Mailbox): MailboxSink & MailboxStateStore {
    const ofMailbox = ([id]: readonly [string, FolderSyncState]) => id.startsWith(`${address}/`);
    return {
      loaded: [...this.states].filter(ofMailbox).map(([, state]) => state),
      save: (state) =>
        this.#call("save", state.folder.id, () => {
          this.saves++;
          this.states.set(state.folder.id, state);
        }),
      refresh: (records) =>
        this.#call("refresh", address, () => {
          const stored = records.filter(({ id }) => this.emails.has(id));
          return new Set(stored.map(({ key }) => key));
        }),
      put: (emails) => this.#call("put", address, () => emails.map((email) => this.#put(email))),
      [Symbol.asyncDispose]: () => {
        this.#locked.delete(address);
        return Promise.resolve();
      },
    };
  }

  #put(email: RawEmail): PutOutcome {
    this.emails.set(email.id, email);
    return { key: email.key, stored: true, sizeBytes: email.mime.sizeBytes ?? 0 };
  }

  #call<T>(call: string, subject: string, answer: () => T): Promise<T> {
    const error = this.fault(call, subject);
    return error ? Promise.reject(error) : Promise.resolve(answer());
  }
}
