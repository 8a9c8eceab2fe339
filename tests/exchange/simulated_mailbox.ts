import type { Clock, Entropy } from "../../src/core/env.ts";
import { type ChangeKind, ChangeLog, type ChangesAfter, type SeenChanges } from "./change_log.ts";
import type { Damage } from "./damage.ts";
import { folderIdOf, type IdSpace, immutableIdOf, itemIdOf } from "./exchange_ids.ts";
import {
  DEFAULT_FOLDERS,
  type DistinguishedFolder,
  type FolderType,
  type MailboxLanguage,
} from "./folder_names.ts";
import { type Item, type ItemProperties, propertiesOf } from "./items.ts";
import type { MimeSource } from "./mime_source.ts";
import { randomBytes, randomUuid } from "./seeded_entropy.ts";
import { decodeSyncState, encodeSyncState } from "./sync_state_token.ts";

/** A folder as the store holds it: a value, replaced with every change. */
export interface SimulatedFolder {
  /** Kept when the folder is renamed or moved. */
  readonly id: string;
  readonly parentId: string | undefined;
  readonly displayName: string;
  readonly folderClass: string | undefined;
  readonly type: FolderType;
  readonly role: DistinguishedFolder | undefined;
  readonly hidden: boolean;
  readonly changeNumber: number;
  /** Too large to sort: a listing that asks for an order times out. */
  readonly isUnsortable?: boolean;
}

export type FolderOptions = Partial<
  Pick<SimulatedFolder, "folderClass" | "type" | "hidden" | "isUnsortable">
>;

/** An item has come into a folder. */
export interface Arrival {
  readonly itemId: string;
  readonly folderId: string;
  /** In the terms of notifications. */
  readonly types: readonly ("NewMailEvent" | "CreatedEvent" | "MovedEvent" | "CopiedEvent")[];
  /** What it was moved or copied from. */
  readonly from?: Pick<Item, "id" | "folderId">;
}

export interface MailboxOptions {
  readonly address: string;
  readonly language: MailboxLanguage;
  readonly clock: Pick<Clock, "now">;
  readonly entropy: Entropy;
}

/** Which ids of items a client asks by: EWS knows the first kind alone. */
export type ItemIdType = "regular" | "immutable";

export interface SyncOptions {
  /** Absent: regular ids. */
  readonly idType?: ItemIdType;
  /** Absent: everything in the folder. */
  readonly syncState: string | undefined;
  readonly limit: number;
  readonly ignoredItemIds: ReadonlySet<string>;
}

/** A page of changes, or that the token is not one of this folder. */
export type SyncPage =
  | Omit<ChangesAfter, "seen"> & { readonly valid: true; readonly syncState: string }
  | { readonly valid: false };

interface FolderState {
  folder: SimulatedFolder;
  readonly counter: number;
  /** What happened, by each kind of id. */
  readonly logs: Readonly<Record<ItemIdType, ChangeLog>>;
  readonly itemIds: Set<string>;
  /** The content as a list, until it changes. */
  listed: readonly Item[] | undefined;
  /** Tokens given out before the last raise are no longer accepted. */
  epoch: number;
}

/**
 * One mailbox: a tree of folders, their items, and everything that happened to them.
 *
 * Knows nothing of any protocol; EWS, and whatever else reads mailboxes, is built on top. Operations
 * throw plain errors for what cannot be: those are mistakes of a test, not answers of a server.
 */
export class SimulatedMailbox {
  readonly address: string;
  readonly ids: IdSpace;
  /** Told of every item that comes into a folder. */
  readonly watchers = new Set<(arrival: Arrival) => void>();
  readonly #clock: Pick<Clock, "now">;
  readonly #entropy: Entropy;
  readonly #folders = new Map<string, FolderState>();
  readonly #roles = new Map<string, string>();
  readonly #items = new Map<string, Item>();
  /** Immutable ids to regular ones. */
  readonly #immutable = new Map<string, string>();
  readonly #folderLog = new ChangeLog();
  #counter = 0x100;

  constructor({ address, language, clock, entropy }: MailboxOptions) {
    this.address = address.toLowerCase();
    this.#clock = clock;
    this.#entropy = entropy;
    this.ids = { mailboxGuid: randomUuid(entropy), replica: randomBytes(entropy, 16) };
    for (const { role, under, names, class: folderClass, type, hidden } of DEFAULT_FOLDERS) {
      this.#addFolder({
        parentId: under && this.distinguishedFolder(under).id,
        displayName: names[language],
        folderClass,
        type: type ?? "folder",
        role,
        hidden: hidden ?? false,
      });
    }
  }

  // Folders

  /** Undefined if there is no such folder, or no longer. */
  folder(id: string): SimulatedFolder | undefined {
    return this.#folders.get(id)?.folder;
  }

  /** The folder with this role; a mailbox does not have a folder for every role there is. */
  folderOfRole(role: string): SimulatedFolder | undefined {
    const id = this.#roles.get(role);
    return id === undefined ? undefined : this.folder(id);
  }

  distinguishedFolder(role: DistinguishedFolder): SimulatedFolder {
    const folder = this.folderOfRole(role);
    if (!folder) throw new Error(`No distinguished folder "${role}"`);
    return folder;
  }

  /** Subfolders of one folder, by name. */
  childrenOf(folderId: string): readonly SimulatedFolder[] {
    return [...this.#folders.values()]
      .map((state) => state.folder)
      .filter((folder) => folder.parentId === folderId)
      .sort((a, b) => a.displayName < b.displayName ? -1 : 1);
  }

  /** All folders below one, each followed by what is below it. */
  descendantsOf(folderId: string): readonly SimulatedFolder[] {
    return this.childrenOf(folderId).flatMap((child) => [child, ...this.descendantsOf(child.id)]);
  }

  /** Display names from below the message root down; empty for the message root itself. */
  pathOf(folderId: string): readonly string[] {
    const { folder } = this.#state(folderId);
    if (folder.role === "msgfolderroot" || !folder.parentId) return [];
    return [...this.pathOf(folder.parentId), folder.displayName];
  }

  /** The folder with this path below the message root. */
  folderAt(path: readonly string[]): SimulatedFolder {
    const found = path.reduce<SimulatedFolder | undefined>(
      (parent, name) => parent && this.#childNamed(parent.id, name),
      this.distinguishedFolder("msgfolderroot"),
    );
    if (!found) throw new Error(`No folder "${path.join("/")}"`);
    return found;
  }

  /** Creates a folder, and those above it that are missing; `options` are of the last one. */
  createFolder(path: readonly string[], options: FolderOptions = {}): SimulatedFolder {
    return path.reduce((parent, displayName, index) => {
      const existing = this.#childNamed(parent.id, displayName);
      if (existing) return existing;
      return this.#addFolder({
        parentId: parent.id,
        displayName,
        folderClass: "IPF.Note",
        type: "folder",
        role: undefined,
        hidden: false,
        ...(index === path.length - 1 ? options : {}),
      });
    }, this.distinguishedFolder("msgfolderroot"));
  }

  renameFolder(folderId: string, displayName: string): void {
    this.#changeFolder(folderId, { displayName });
  }

  moveFolder(folderId: string, newParentId: string): void {
    const inside = [folderId, ...this.descendantsOf(folderId).map((folder) => folder.id)];
    if (inside.includes(newParentId)) throw new Error("A folder cannot be moved into itself");
    this.#changeFolder(folderId, { parentId: this.#state(newParentId).folder.id });
  }

  /** Deletes a folder for good, with all it holds and all below it. */
  deleteFolder(folderId: string): void {
    for (const child of this.childrenOf(folderId)) this.deleteFolder(child.id);
    for (const itemId of this.#state(folderId).itemIds) this.#forget(itemId);
    this.#folders.delete(folderId);
    this.#folderLog.record("delete", folderId, this.#nextNumber());
  }

  // Items

  /** Undefined if there is no such item, or no longer. */
  item(id: string): Item | undefined {
    return this.#items.get(id);
  }

  itemOfImmutableId(immutableId: string): Item | undefined {
    const id = this.#immutable.get(immutableId);
    return id === undefined ? undefined : this.item(id);
  }

  /** What a folder holds, oldest arrival first; the same list object until something changes. */
  itemsOf(folderId: string): readonly Item[] {
    const state = this.#state(folderId);
    // A search folder owns nothing: it shows what is unread anywhere in the mailbox.
    if (state.folder.type === "search") {
      return [...this.#items.values()].filter((item) => !item.isRead);
    }
    return state.listed ??= [...state.itemIds].map((id) => this.#items.get(id)!);
  }

  itemCountOf(folderId: string): number {
    const state = this.#state(folderId);
    return state.folder.type === "search" ? this.itemsOf(folderId).length : state.itemIds.size;
  }

  /** Puts an email, or an item without MIME form, into a folder. */
  deliver(
    folderId: string,
    mime: MimeSource | undefined,
    stated: Partial<ItemProperties> = {},
  ): Item {
    const arrival = {
      now: this.#clock.now(),
      searchKey: randomBytes(this.#entropy, 16).toHex(),
    };
    const immutableId = this.#newImmutableId();
    const properties = propertiesOf(mime, stated, arrival);
    const content = { ...properties, immutableId, ...(mime && { mime }) };
    return this.#put(folderId, content, { types: ["CreatedEvent", "NewMailEvent"] });
  }

  /** Moves an item: it gets a new regular id, and is deleted here as it is created there. */
  move(itemId: string, folderId: string): Item {
    const from = this.#itemOrThrow(itemId);
    const { id: _, ...content } = from;
    this.delete(itemId);
    const moved = { ...content, modifiedAt: this.#clock.now() };
    return this.#put(folderId, moved, { types: ["MovedEvent"], from });
  }

  /** Copies an item; the copy has ids and a creation time of its own, and the same search key. */
  copy(itemId: string, folderId: string): Item {
    const from = this.#itemOrThrow(itemId);
    const { id: _, ...content } = from;
    const now = this.#clock.now();
    const immutableId = this.#newImmutableId();
    const copied = { ...content, immutableId, createdAt: now, modifiedAt: now };
    return this.#put(folderId, copied, { types: ["CopiedEvent"], from });
  }

  /** Deletes an item for good. */
  delete(itemId: string): void {
    const item = this.#itemOrThrow(itemId);
    const state = this.#state(item.folderId);
    this.#forget(itemId);
    state.itemIds.delete(itemId);
    state.listed = undefined;
    record(state, "delete", item, this.#nextNumber());
  }

  setRead(itemId: string, isRead: boolean): void {
    this.#change("readFlag", itemId, { isRead });
  }

  /** Changes properties in place, as flagging or a scanner that swaps attachments does. */
  update(itemId: string, changed: Partial<ItemProperties & Pick<Item, "mime">>): void {
    this.#change("update", itemId, changed);
  }

  // What goes wrong in a store: none of it is a change that a client is told of

  /** Makes an item unreadable, all of it or in parts, until it is mended. */
  damage(itemId: string, damage: Damage): void {
    this.#replace({ ...this.#itemOrThrow(itemId), damage });
  }

  /** Makes an item readable again, and found again if it was a phantom. */
  mend(itemId: string): void {
    const { damage: _, isPhantom: __, ...item } = this.#itemOrThrow(itemId);
    this.#replace(item);
  }

  /** Leaves an item in the listings of its folder that is not found when asked for. */
  makePhantom(itemId: string): void {
    this.#replace({ ...this.#itemOrThrow(itemId), isPhantom: true });
  }

  /** Says whether the server can list a folder in an order; else that times out. */
  setSortable(folderId: string, isSortable: boolean): void {
    const state = this.#state(folderId);
    state.folder = { ...state.folder, isUnsortable: !isSortable };
  }

  // Synchronisation

  /** The next page of what changed in a folder. */
  sync(folderId: string, options: SyncOptions): SyncPage {
    const { idType = "regular", syncState, limit, ignoredItemIds } = options;
    const { epoch, logs } = this.#state(folderId);
    const token = syncState === undefined
      ? { folderId, epoch, seen: [] }
      : decodeSyncState(syncState);
    if (token?.folderId !== folderId || token.epoch !== epoch) return { valid: false };
    const { seen, ...page } = logs[idType].changesAfter(token.seen, limit, ignoredItemIds);
    return { ...page, valid: true, syncState: encodeSyncState({ folderId, epoch, seen }) };
  }

  /** What became of the folders themselves since a client saw them. */
  folderChanges(seen: SeenChanges, limit: number): ChangesAfter {
    return this.#folderLog.changesAfter(seen, limit, new Set());
  }

  /** Makes every sync state given out for this folder invalid, as a repaired database does. */
  invalidateSyncStates(folderId: string): void {
    this.#state(folderId).epoch++;
  }

  #addFolder(folder: Omit<SimulatedFolder, "id" | "changeNumber">): SimulatedFolder {
    const counter = this.#nextNumber();
    const id = folderIdOf(this.ids, counter);
    const added = { ...folder, id, changeNumber: counter };
    this.#folders.set(id, {
      folder: added,
      counter,
      logs: { regular: new ChangeLog(), immutable: new ChangeLog() },
      itemIds: new Set(),
      listed: undefined,
      epoch: 0,
    });
    if (folder.role) this.#roles.set(folder.role, id);
    this.#folderLog.record("create", id, counter);
    return added;
  }

  #childNamed(parentId: string, displayName: string): SimulatedFolder | undefined {
    return this.childrenOf(parentId).find((folder) => folder.displayName === displayName);
  }

  #changeFolder(folderId: string, changed: Partial<SimulatedFolder>): void {
    const state = this.#state(folderId);
    const changeNumber = this.#nextNumber();
    state.folder = { ...state.folder, ...changed, changeNumber };
    this.#folderLog.record("update", folderId, changeNumber);
  }

  #put(
    folderId: string,
    content: Omit<Item, "id" | "folderId" | "changeNumber">,
    how: Pick<Arrival, "types" | "from">,
  ): Item {
    const state = this.#state(folderId);
    if (state.folder.type === "search") throw new Error("A search folder holds no items");
    const changeNumber = this.#nextNumber();
    const id = itemIdOf(this.ids, state.counter, changeNumber);
    const item = { ...content, id, folderId, changeNumber };
    this.#items.set(id, item);
    this.#immutable.set(item.immutableId, id);
    state.itemIds.add(id);
    state.listed = undefined;
    record(state, "create", item, changeNumber);
    for (const watcher of this.watchers) watcher({ itemId: id, folderId, ...how });
    return item;
  }

  #change(kind: "update" | "readFlag", itemId: string, changed: Partial<Item>): void {
    const item = this.#itemOrThrow(itemId);
    const changeNumber = this.#nextNumber();
    const state = this.#state(item.folderId);
    this.#items.set(itemId, { ...item, modifiedAt: this.#clock.now(), ...changed, changeNumber });
    state.listed = undefined;
    record(state, kind, item, changeNumber);
  }

  #forget(itemId: string): void {
    this.#immutable.delete(this.#itemOrThrow(itemId).immutableId);
    this.#items.delete(itemId);
  }

  /** Never given twice: counters of deliveries ascend, and one is drawn with every put. */
  #newImmutableId(): string {
    return immutableIdOf(this.ids, this.#counter + 1);
  }

  #replace(item: Item): void {
    this.#items.set(item.id, item);
    this.#state(item.folderId).listed = undefined;
  }

  #state(folderId: string): FolderState {
    const state = this.#folders.get(folderId);
    if (!state) throw new Error(`No folder with id "${folderId}"`);
    return state;
  }

  #itemOrThrow(itemId: string): Item {
    const item = this.#items.get(itemId);
    if (!item) throw new Error(`No item with id "${itemId}"`);
    return item;
  }

  #nextNumber(): number {
    return ++this.#counter;
  }
}

function record({ logs }: FolderState, kind: ChangeKind, item: Item, changeNumber: number): void {
  logs.regular.record(kind, item.id, changeNumber);
  logs.immutable.record(kind, item.immutableId, changeNumber);
}
