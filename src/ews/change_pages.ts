import { LIMITS } from "../core/limits.ts";
import type { ChangePage, ChangesOptions, FolderOf } from "../core/ports.ts";
import { smallerAfter } from "../source/smaller_page.ts";
import type { EwsClient } from "./client.ts";
import { syncFolderItems } from "./operations/sync_folder_items.ts";

/** So many pages that worked, and twice as much is asked for again. */
const PAGES_UNTIL_LARGER = 20;

interface SmallSize {
  /** Changes that are asked for at once. */
  readonly limit: number;
  /** Pages of that size that worked. */
  readonly pages: number;
}

/**
 * Pages of folders' changes. A page that the server does not manage in time is halved, and the
 * folder's next ones stay that small for a while: otherwise each would begin with the same long wait.
 */
export class ChangePages {
  readonly #client: EwsClient;
  /** By folder id; absent: as much as is wanted. */
  readonly #sizes = new Map<string, SmallSize>();

  constructor(client: EwsClient) {
    this.#client = client;
  }

  /** The page after `token`, of at most `limit` changes and 512. Rejects as `EwsClient.send` does. */
  async next(
    { mailbox, folder }: FolderOf,
    { token, limit, signal }: ChangesOptions,
  ): Promise<ChangePage> {
    const wanted = Math.min(limit, LIMITS.syncPageChangesMax);
    const first = Math.min(wanted, this.#sizes.get(folder.id)?.limit ?? wanted);
    const operationOf = (size: number) =>
      syncFolderItems({ folderId: folder.id, syncState: token, limit: size });
    const insteadAfter = smallerAfter(first, (size) => {
      if (size < first) this.#remember(folder.id, { limit: size, pages: 0 });
      return operationOf(size);
    });
    const answer = await this.#client.send(mailbox, operationOf(first), { signal, insteadAfter });
    this.#worked(folder.id);
    return answer.value;
  }

  #worked(folderId: string): void {
    const size = this.#sizes.get(folderId);
    if (!size) return;
    const pages = size.pages + 1;
    if (pages < PAGES_UNTIL_LARGER) this.#remember(folderId, { ...size, pages });
    else if (size.limit * 2 >= LIMITS.syncPageChangesMax) this.#sizes.delete(folderId);
    else this.#remember(folderId, { limit: size.limit * 2, pages: 0 });
  }

  #remember(folderId: string, size: SmallSize): void {
    this.#sizes.delete(folderId);
    const [oldest] = this.#sizes.keys();
    if (this.#sizes.size >= LIMITS.knownFoldersMax && oldest !== undefined) {
      this.#sizes.delete(oldest);
    }
    this.#sizes.set(folderId, size);
  }
}
