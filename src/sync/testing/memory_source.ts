import type { ItemDescription, Participants } from "../../core/email.ts";
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
  MailSource,
} from "../../core/ports.ts";
import type { Fault } from "./fault.ts";

interface MemoryItem {
  readonly itemId: string;
  readonly messageId: string;
  readonly receivedAt: Date;
  modifiedAt: Date;
  sizeBytes: number;
  readonly participants?: Participants;
}

export interface MemoryFolder extends Folder {
  readonly items: MemoryItem[];
  readonly changes: Change[];
}

interface MemoryMail {
  /** Minute of 2025 in which it was received; one after the other by default. */
  readonly minute?: number;
  /** Minute of 2025 in which it came into the folder; absent: when it was received. */
  readonly movedMinute?: number;
  readonly participants?: Participants;
}

/** Mailboxes in memory, as a source shows them. */
export class MemorySource implements MailSource {
  readonly api = "ews" as const;
  readonly #mailboxes = new Map<string, MemoryFolder[]>();
  readonly fetched: string[] = [];
  /** Items whose content was given back. */
  readonly released: string[] = [];
  /** Items that listings gave out. */
  readonly listed: string[] = [];
  readonly calls: string[] = [];
  fault: Fault = () => undefined;
  /** Whether the server gives enough of an unreadable email. */
  isRebuilding = false;
  /** The change mark that a folder is listed with. */
  markOf: (folder: MemoryFolder) => string | undefined = () => undefined;
  serverTime = new Date("2026-01-01T00:00:00Z");
  #items = 0;

  addFolder(mailbox: Mailbox, name: string): MemoryFolder {
    const id = `${mailbox.address}/${name}`;
    const folder: MemoryFolder = { id, path: [name], items: [], changes: [] };
    this.#mailboxes.set(mailbox.address, [...this.#of(mailbox), folder]);
    return folder;
  }

  /** The mailbox has this folder no more. */
  removeFolder(mailbox: Mailbox, folder: MemoryFolder): void {
    const others = this.#of(mailbox).filter(({ id }) => id !== folder.id);
    this.#mailboxes.set(mailbox.address, others);
  }

  /** The folder with everything in it under another id and path. */
  replaceFolder(mailbox: Mailbox, folder: MemoryFolder, change: Partial<Folder>): MemoryFolder {
    this.removeFolder(mailbox, folder);
    const replaced = { ...folder, ...change };
    this.#mailboxes.set(mailbox.address, [...this.#of(mailbox), replaced]);
    return replaced;
  }

  /** Mail comes into a folder. Returns its item id. */
  arrive(folder: MemoryFolder, mail: MemoryMail = {}): string {
    const { minute = this.#items, movedMinute = minute, participants } = mail;
    const itemId = `item-${this.#items++}`;
    folder.items.push({
      itemId,
      messageId: `<${itemId}@x>`,
      receivedAt: minuteOf(minute),
      modifiedAt: minuteOf(movedMinute),
      sizeBytes: 1_000,
      ...(participants ? { participants } : {}),
    });
    folder.changes.push({ kind: "create", itemId });
    return itemId;
  }

  /** All items of a folder get other ids, as in a mailbox that is moved between servers. */
  renameItems({ items, changes }: MemoryFolder, prefix: string): void {
    const renamed = items.map((item) => ({ ...item, itemId: prefix + item.itemId }));
    items.splice(0, items.length, ...renamed);
    const created = renamed.map(({ itemId }): Change => ({ kind: "create", itemId }));
    changes.splice(0, changes.length, ...created);
  }

  /** An item is deleted. */
  delete(folder: MemoryFolder, itemId: string): void {
    folder.items.splice(folder.items.findIndex((item) => item.itemId === itemId), 1);
    folder.changes.push({ kind: "delete", itemId });
  }

  /** An item that was deleted, or moved away, comes into a folder under its former id. */
  putBack(folder: MemoryFolder, item: MemoryItem): void {
    folder.items.push(item);
    folder.changes.push({ kind: "create", itemId: item.itemId });
  }

  /** An item gets other content where it lies. */
  update(folder: MemoryFolder, itemId: string, sizeBytes: number): void {
    const item = folder.items.find((candidate) => candidate.itemId === itemId)!;
    item.sizeBytes = sizeBytes;
    folder.changes.push({ kind: "update", itemId });
  }

  /** Where an item lies; `undefined` if it is no more. */
  folderOf(mailbox: Mailbox, itemId: string): MemoryFolder | undefined {
    return this.#of(mailbox).find(({ items }) => items.some((item) => item.itemId === itemId));
  }

  probe(mailbox: Mailbox): Promise<void> {
    return this.#call("probe", mailbox.address, () => undefined);
  }

  folders(mailbox: Mailbox): Promise<FolderListing> {
    return this.#call("folders", mailbox.address, () => ({
      folders: this.#of(mailbox).map((folder) => {
        const changeMark = this.markOf(folder);
        return changeMark === undefined ? folder : { ...folder, changeMark };
      }),
      serverTime: this.serverTime,
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

  list(at: FolderOf, options: ListOptions): Promise<ListPage> {
    const { order, position, since, until, limit } = options;
    return this.#call("list", at.folder.id, () => {
      const timeOf = (item: MemoryItem) => order === "received" ? item.receivedAt : item.modifiedAt;
      const sorted = this.#folder(at).items
        .filter((item) => !since || timeOf(item) >= since)
        .filter((item) => !until || timeOf(item) < until)
        .toSorted((a, b) => timeOf(a).getTime() - timeOf(b).getTime());
      const begin = sorted.findIndex(({ itemId }) => itemId === position?.lastItemId) + 1;
      const page = sorted.slice(begin, begin + limit);
      this.listed.push(...page.map(({ itemId }) => itemId));
      const last = page.at(-1);
      const itemIds = page.map(({ itemId }) => itemId);
      if (!last) return { itemIds };
      if (begin + limit >= sorted.length) return { itemIds, coveredUntil: timeOf(last) };
      const receivedAt = timeOf(last);
      const settledAtThatTime = page.filter((item) => timeOf(item) >= receivedAt).length;
      return {
        itemIds,
        next: { receivedAt, settledAtThatTime, lastItemId: last.itemId },
        coveredUntil: receivedAt,
      };
    });
  }

  describe(at: FolderOf, itemIds: readonly string[]): Promise<readonly DescribeOutcome[]> {
    return this.#call("describe", at.folder.id, () =>
      itemIds.map((itemId) => {
        const item = this.#folder(at).items.find((candidate) => candidate.itemId === itemId);
        const error = new SyncError("item", "ErrorItemNotFound", "Gone");
        const fault = this.fault("describe item", itemId);
        return item && !fault
          ? { itemId, item: descriptionOf(item) }
          : { itemId, error: fault ?? error };
      }));
  }

  fetch(at: FolderOf, items: readonly ItemDescription[]): Promise<readonly FetchOutcome[]> {
    return this.#call("fetch", at.folder.id, () =>
      items.map(({ itemId }) => {
        const error = this.fault("fetch item", itemId);
        if (error) return { itemId, error };
        this.fetched.push(itemId);
        const release = () => void this.released.push(itemId);
        return { itemId, mime: heldMimeContent([new TextEncoder().encode(itemId)], release) };
      }));
  }

  rebuild(
    at: FolderOf,
    { itemId }: ItemDescription,
    because: SyncError,
  ): Promise<FetchOutcome> {
    return this.#call("rebuild", at.folder.id, () => {
      if (!this.isRebuilding) return { itemId, error: because };
      return { itemId, mime: heldMimeContent([new TextEncoder().encode("rebuilt")]) };
    });
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

function minuteOf(minute: number): Date {
  return new Date(Date.UTC(2025, 0, 1, 0, minute));
}

function descriptionOf(item: MemoryItem): ItemDescription {
  const { itemId, messageId, receivedAt, sizeBytes, participants } = item;
  return {
    itemId,
    internetMessageId: messageId,
    receivedAt,
    sizeBytes,
    ...(participants ? { participants } : {}),
    isMail: true,
    isDraft: false,
    metadata: {},
    attachments: [],
  };
}
