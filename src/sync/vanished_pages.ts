import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";

/**
 * Doubts pages whose items have all vanished (spec section 7): a server that shows items and then
 * denies them may be in trouble, and a committed page is never asked for again. Such a page waits
 * for the next round; then the same answer counts if the change list says the items were deleted.
 */
export class VanishedPages {
  /** Items of the page that vanished last, by folder id. */
  readonly #doubted = new Map<string, ReadonlySet<string>>();
  /** Which of them the change list has since called deleted. */
  readonly #deleted = new Map<string, Set<string>>();

  /** Items of a folder were deleted, says its change list. */
  noteDeleted(folderId: string, itemIds: readonly string[]): void {
    const doubted = this.#doubted.get(folderId);
    if (!doubted) return;
    const deleted = this.#deleted.get(folderId) ?? new Set();
    this.#deleted.set(folderId, deleted);
    for (const itemId of itemIds) if (doubted.has(itemId)) deleted.add(itemId);
  }

  /**
   * Judges a page of which `vanished` of `itemIds` were gone when asked for: `true` if it counts.
   *
   * @throws SyncError of kind `folder`, code `PageVanished`, for the same answer once more without
   *   those items being deleted.
   */
  accepts(folderId: string, itemIds: readonly string[], vanished: number): boolean {
    const isSuspicious = itemIds.length >= LIMITS.vanishedPageItemsMin &&
      vanished === itemIds.length;
    const doubted = this.#doubted.get(folderId);
    const isRepeated = doubted !== undefined && itemIds.every((itemId) => doubted.has(itemId));
    if (isSuspicious && !isRepeated) {
      this.#doubted.set(folderId, new Set(itemIds));
      this.#deleted.delete(folderId);
      return false;
    }
    if (isSuspicious && !itemIds.every((itemId) => this.#deleted.get(folderId)?.has(itemId))) {
      throw pageVanished(itemIds.length);
    }
    this.#doubted.delete(folderId);
    this.#deleted.delete(folderId);
    return true;
  }
}

function pageVanished(items: number): SyncError {
  return new SyncError(
    "folder",
    "PageVanished",
    `Exchange lists ${items} items of the folder and finds none of them, round after round`,
    {
      hint: "Have the folder's index checked (New-MailboxRepairRequest -CorruptionType " +
        "SearchFolder,AggregateCounts,FolderView); other folders go on",
    },
  );
}
