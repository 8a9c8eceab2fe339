import type { CallOptions } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { FolderOf } from "../core/ports.ts";
import type { ItemPage, PageRequest } from "../source/item_page.ts";
import { listingUnavailable } from "../source/listing_unavailable.ts";
import { GRAPH_LIMITS } from "./graph_limits.ts";

/** One message of a change list, as far as times go. */
export interface DatedMessage {
  readonly itemId: string;
  readonly receivedAt?: Date;
  readonly createdAt?: Date;
}

/** A page of a folder's change list. */
export interface DatedPage {
  readonly messages: readonly DatedMessage[];
  readonly token: string;
  readonly complete: boolean;
}

/** Asks for the page after `token`; without one, for the first. */
export type NextPage = (token: string | undefined) => Promise<DatedPage>;

interface Undated {
  readonly itemId: string;
  readonly createdAt: Date;
}

interface Enumeration {
  readonly found: readonly Undated[];
  /** Where it goes on; absent when it is at its end. */
  readonly next?: string;
}

/** Nothing in Exchange is older. */
const OLDEST = new Date("1601-01-01T00:00:00Z");

/**
 * The messages of a folder that have no received time, by the time of their creation. Graph cannot be
 * asked for them: they are picked out of the folder's change list as that is gone through for its
 * token, and only if that was before this process began, the list is gone through once more.
 */
export class UndatedMessages {
  /** By mailbox and folder; those looked at longest ago first. */
  readonly #enumerations = new Map<string, Enumeration>();

  /** Notes a page that was asked for with `token`. */
  note(at: FolderOf, token: string | undefined, page: DatedPage): void {
    const key = keyOf(at);
    const known = this.#enumerations.get(key);
    const isContinued = known?.next !== undefined && known.next === token;
    if (token !== undefined && !isContinued) return;
    const before = token === undefined ? [] : known?.found ?? [];
    this.#remember(key, continued(before, page));
  }

  /**
   * A page of them. Rejects with kind `folder` and code `ListingUnavailable` where there are too many
   * to be ordered here.
   */
  async find(
    at: FolderOf,
    { order: { from, until }, offset, limit }: PageRequest,
    { signal, next }: CallOptions & { readonly next: NextPage },
  ): Promise<ItemPage> {
    const found = await this.#enumerate(at, next, signal);
    const wanted = found
      .filter(({ createdAt }) => (!from || createdAt >= from) && (!until || createdAt < until))
      .sort((a, b) => a.createdAt.getTime() - b.createdAt.getTime() || compare(a.itemId, b.itemId));
    const items = wanted.slice(offset, offset + limit)
      .map(({ itemId, createdAt }) => ({ itemId, time: createdAt }));
    return { items, complete: offset + limit >= wanted.length };
  }

  async #enumerate(
    at: FolderOf,
    next: NextPage,
    signal: AbortSignal,
  ): Promise<readonly Undated[]> {
    const known = this.#enumerations.get(keyOf(at));
    if (known && known.next === undefined) return checked(known.found);
    let enumeration: Enumeration = { found: [] };
    do {
      signal.throwIfAborted();
      enumeration = continued(enumeration.found, await next(enumeration.next));
      checked(enumeration.found);
    } while (enumeration.next !== undefined);
    this.#remember(keyOf(at), enumeration);
    return enumeration.found;
  }

  #remember(key: string, enumeration: Enumeration): void {
    this.#enumerations.delete(key);
    const [oldest] = this.#enumerations.keys();
    if (this.#enumerations.size >= LIMITS.knownFoldersMax && oldest !== undefined) {
      this.#enumerations.delete(oldest);
    }
    this.#enumerations.set(key, enumeration);
  }
}

function continued(before: readonly Undated[], page: DatedPage): Enumeration {
  const undated = page.messages
    .filter(({ receivedAt }) => receivedAt === undefined)
    .map(({ itemId, createdAt = OLDEST }) => ({ itemId, createdAt }));
  // A folder that changes while it is gone through tells of some messages twice.
  const found = undated.length === 0
    ? before
    : [...new Map([...before, ...undated].map((message) => [message.itemId, message])).values()]
      .slice(0, GRAPH_LIMITS.undatedItemsMax + 1);
  return { found, ...(page.complete ? {} : { next: page.token }) };
}

function checked(found: readonly Undated[]): readonly Undated[] {
  if (found.length <= GRAPH_LIMITS.undatedItemsMax) return found;
  throw listingUnavailable(
    new SyncError("folder", "UndatedTooMany", "Too many messages have no received time"),
  );
}

function keyOf({ mailbox, folder }: FolderOf): string {
  return `${mailbox.address}\n${folder.id}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
