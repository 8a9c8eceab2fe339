import type { ItemDescription } from "../../core/email.ts";
import type { CallOptions } from "../../core/env.ts";
import { SyncError } from "../../core/errors.ts";
import type { Folder, Mailbox } from "../../core/mailbox.ts";
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

/** How the other api names the items and folders of a mailbox. */
export interface OtherNames {
  /** The id of an item that the source shows, or has shown. */
  itemIdOf(mailbox: Mailbox, itemId: string): string;
  /** The item as the source names it now; `undefined` if it is no more. */
  sourceItemOf(mailbox: Mailbox, itemId: string): SourceItem | undefined;
  /** Absent: people made the folder. */
  roleOf(mailbox: Mailbox, folderId: string): string | undefined;
}

export interface SourceItem {
  readonly id: string;
  readonly folderId: string;
}

const TOKEN_PREFIX = "delta:";

/**
 * The mailboxes of an EWS source as another api shows them: item ids of its own that are kept on
 * moves, folder ids that differ from those of EWS in some characters alone, and so not always,
 * tokens of its own, and changes that do not tell what arrived from what changed. An item that left a
 * folder and came back between two pages is not said to have left it.
 */
export class OtherApiSource implements MailSource {
  readonly api = "graph";
  readonly #source: MailSource;
  readonly #names: OtherNames;
  /** What the source listed last, by mailbox address. */
  readonly #listed = new Map<string, readonly Folder[]>();

  constructor(source: MailSource, names: OtherNames) {
    this.#source = source;
    this.#names = names;
  }

  probe(mailbox: Mailbox, options: CallOptions): Promise<void> {
    return this.#source.probe(mailbox, options);
  }

  async folders(mailbox: Mailbox, options: CallOptions): Promise<FolderListing> {
    const { folders, serverTime } = await this.#source.folders(mailbox, options);
    this.#listed.set(mailbox.address, folders);
    return { folders: folders.map((folder) => this.#shown(mailbox, folder)), serverTime };
  }

  async changes(at: FolderOf, options: ChangesOptions): Promise<ChangePage> {
    const { token } = options;
    if (token !== undefined && !token.startsWith(TOKEN_PREFIX)) throw new Error("A token of EWS");
    const inner = this.#inner(at);
    const page = await this.#source.changes(inner, {
      ...options,
      token: token?.slice(TOKEN_PREFIX.length),
    });
    const changes = page.changes.flatMap((change) => this.#changeOf(inner, change));
    return { ...page, changes, token: TOKEN_PREFIX + page.token };
  }

  async list(at: FolderOf, options: ListOptions): Promise<ListPage> {
    const { position } = options;
    const lastItemId = position?.lastItemId;
    const page = await this.#source.list(this.#inner(at), {
      ...options,
      position: lastItemId === undefined
        ? position
        : { ...position!, lastItemId: this.#sourceIdOf(at, lastItemId) },
    });
    const { next } = page;
    return {
      ...page,
      itemIds: page.itemIds.map((itemId) => this.#names.itemIdOf(at.mailbox, itemId)),
      ...(next?.lastItemId === undefined ? {} : {
        next: { ...next, lastItemId: this.#names.itemIdOf(at.mailbox, next.lastItemId) },
      }),
    };
  }

  async describe(
    at: FolderOf,
    itemIds: readonly string[],
    options: CallOptions,
  ): Promise<readonly DescribeOutcome[]> {
    const outcomes = await this.#source.describe(
      this.#inner(at),
      itemIds.map((itemId) => this.#sourceIdOf(at, itemId)),
      options,
    );
    return outcomes.map((outcome, index) => {
      const itemId = itemIds[index]!;
      return "error" in outcome
        ? { ...outcome, itemId }
        : { itemId, item: { ...outcome.item, itemId } };
    });
  }

  async fetch(
    at: FolderOf,
    items: readonly ItemDescription[],
    options: CallOptions,
  ): Promise<readonly FetchOutcome[]> {
    const named = items.map((item) => ({ ...item, itemId: this.#sourceIdOf(at, item.itemId) }));
    const outcomes = await this.#source.fetch(this.#inner(at), named, options);
    return outcomes.map((outcome, index) => ({ ...outcome, itemId: items[index]!.itemId }));
  }

  async rebuild(
    at: FolderOf,
    item: ItemDescription,
    because: SyncError,
    options: CallOptions,
  ): Promise<FetchOutcome> {
    const named = { ...item, itemId: this.#sourceIdOf(at, item.itemId) };
    const inner = this.#inner(at);
    return { ...await this.#source.rebuild(inner, named, because, options), itemId: item.itemId };
  }

  #changeOf({ mailbox, folder }: FolderOf, { kind, itemId }: Change): readonly Change[] {
    const other = this.#names.itemIdOf(mailbox, itemId);
    if (kind !== "delete") return [{ kind: "createOrUpdate", itemId: other }];
    const isBack = this.#names.sourceItemOf(mailbox, other)?.folderId === folder.id;
    return isBack ? [] : [{ kind, itemId: other }];
  }

  /** An id that the source will not find, if the item is no more. */
  #sourceIdOf({ mailbox }: FolderOf, itemId: string): string {
    return this.#names.sourceItemOf(mailbox, itemId)?.id ?? itemId;
  }

  #inner({ mailbox, folder }: FolderOf): FolderOf {
    const shown = this.#listed.get(mailbox.address)?.find(({ id }) =>
      otherFolderIdOf(id) === folder.id
    );
    if (!shown) throw new SyncError("folder", "FolderGone", "The folder is gone");
    return { mailbox, folder: shown };
  }

  #shown(mailbox: Mailbox, folder: Folder): Folder {
    const role = this.#names.roleOf(mailbox, folder.id);
    return { ...folder, id: otherFolderIdOf(folder.id), ...(role ? { role } : {}) };
  }
}

function otherFolderIdOf(id: string): string {
  return id.replaceAll("/", "-").replaceAll("+", "_");
}
