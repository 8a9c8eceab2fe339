import type { CallOptions } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { FolderListing } from "../core/ports.ts";
import { retry } from "../core/retry.ts";
import { type FoundFolder, mailFoldersOf } from "../source/mail_folders.ts";
import { RepeatedAnswer } from "../source/repeated_answer.ts";
import { changeMarkOf } from "./change_mark.ts";
import type { EwsClient, EwsClientOptions } from "./client.ts";
import { folderOfRole } from "./folder_of_role.ts";
import { inMailbox } from "./mailbox_access.ts";
import { type DatedFolder, findFolder, type FolderPage } from "./operations/find_folder.ts";
import { getFolder } from "./operations/get_folder.ts";

const LISTING_CHANGED = "ListingChanged";
const LISTING_ATTEMPTS_MAX = 5;

/** Lists the mail folders of mailboxes; of one that is idle the listing is mostly the same again. */
export class FolderListings {
  readonly #options: Pick<EwsClientOptions, "accessType" | "env">;
  readonly #client: EwsClient;
  /** First pages, by mailbox address. */
  readonly #firstPages = new Map<string, RepeatedAnswer<FolderPage>>();

  constructor(options: Pick<EwsClientOptions, "accessType" | "env">, client: EwsClient) {
    this.#options = options;
    this.#client = client;
  }

  /** See `MailSource.folders`. */
  async list(mailbox: Mailbox, options: CallOptions): Promise<FolderListing> {
    const { folders, serverTime } = await retry(() => this.#findFolders(mailbox, options), {
      ...options,
      env: this.#options.env,
      budgetMs: LIMITS.retryBudgetMs,
      // `send` has tried the requests often enough; only what it lets pass is tried here.
      attemptsMax: ({ code }) => code === LISTING_CHANGED ? LISTING_ATTEMPTS_MAX : 1,
    });
    const unsynced = folders.some(({ distinguishedId }) => distinguishedId !== undefined)
      ? []
      : await this.#unsyncedFolders(mailbox, options);
    return { folders: mailFoldersOf(folders, new Set(unsynced)), serverTime };
  }

  /**
   * All folders below the message root, by pages. Each page but the first begins with the last
   * folder of the one before, so that folders which come or go meanwhile are noticed.
   */
  async #findFolders(mailbox: Mailbox, options: CallOptions) {
    const found: FoundFolder[] = [];
    let serverTime: Date | undefined;
    for (;;) {
      const operation = this.#pageFrom(mailbox, Math.max(0, found.length - 1));
      const answer = await inMailbox(mailbox, () => this.#client.send(mailbox, operation, options));
      const { folders, complete } = answer.value;
      serverTime ??= answer.serverTime;
      const isContinued = found.length === 0 || folders[0]?.id === found.at(-1)?.id;
      const fresh = folders.slice(found.length === 0 ? 0 : 1);
      if (!isContinued || (fresh.length === 0 && !complete)) throw listingChanged();
      found.push(...fresh.map((folder) => marked(folder, answer.serverTime)));
      if (complete) return { folders: found, serverTime };
    }
  }

  #pageFrom(mailbox: Mailbox, offset: number) {
    const root = folderOfRole(mailbox, "msgfolderroot", this.#options);
    const page = { root, offset, limit: LIMITS.folderPageMax };
    return findFolder(offset === 0 ? { ...page, last: this.#firstPage(mailbox) } : page);
  }

  #firstPage({ address }: Mailbox): RepeatedAnswer<FolderPage> {
    const page = this.#firstPages.get(address) ?? new RepeatedAnswer();
    this.#firstPages.set(address, page);
    return page;
  }

  /** Ids of folders told by role, where FindFolder does not say roles (Exchange 2010). */
  async #unsyncedFolders(mailbox: Mailbox, options: CallOptions): Promise<readonly string[]> {
    // That version knows no roles for the sync-issue folders.
    const roles = ["drafts", "outbox"].map((role) => folderOfRole(mailbox, role, this.#options));
    const { value } = await this.#client.send(mailbox, getFolder(roles), options);
    return value.filter((id) => id !== undefined);
  }
}

function marked(folder: DatedFolder, serverTime: Date): FoundFolder {
  const changeMark = changeMarkOf(folder, serverTime);
  return changeMark === undefined ? folder : { ...folder, changeMark };
}

function listingChanged(): SyncError {
  return new SyncError("retryable", LISTING_CHANGED, "The folders changed while they were listed");
}
