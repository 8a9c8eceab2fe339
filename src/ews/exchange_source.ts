import type { ItemDescription } from "../core/email.ts";
import type { CallOptions } from "../core/env.ts";
import type { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Mailbox } from "../core/mailbox.ts";
import { mapBounded } from "../core/map_bounded.ts";
import type { MimeContent } from "../core/mime_content.ts";
import type {
  ChangePage,
  ChangesOptions,
  DescribeOutcome,
  FetchOutcome,
  FolderListing,
  FolderOf,
  ListOptions,
  ListPage,
  MailSource,
  MailSurvey,
} from "../core/ports.ts";
import { chunksOf } from "../source/chunks_of.ts";
import { planContent } from "../source/content_plan.ts";
import { EmailRebuilder } from "../source/email_rebuilder.ts";
import { inFolder } from "../source/in_folder.ts";
import type { ItemAnswer } from "../source/item_answer.ts";
import { listItems } from "../source/listing.ts";
import type { Probe } from "../source/probe.ts";
import { settleItems } from "../source/settle_items.ts";
import { ChangePages } from "./change_pages.ts";
import { EwsClient, type EwsClientOptions } from "./client.ts";
import { ContentFetcher } from "./content_fetcher.ts";
import { describeItems } from "./describe_items.ts";
import { findPage } from "./find_page.ts";
import { FOLDER_CODES } from "./folder_codes.ts";
import { FolderListings } from "./folder_listings.ts";
import { folderOfRole } from "./folder_of_role.ts";
import { noAccess } from "./mailbox_access.ts";
import { countFolderItems } from "./operations/count_folder_items.ts";
import { findItem } from "./operations/find_item.ts";
import { getFolder } from "./operations/get_folder.ts";
import { ewsPartReader } from "./part_reader.ts";
import { EWS_FAILURES } from "./response_codes.ts";

/** Mailboxes of an Exchange server over Exchange Web Services, by a client with these options. */
export function createExchangeSource(
  options: EwsClientOptions,
  client: EwsClient = new EwsClient(options),
): MailSource & MailSurvey {
  return new ExchangeSource(options, client);
}

class ExchangeSource implements MailSource, MailSurvey {
  readonly api = "ews" as const;
  readonly #client: EwsClient;
  readonly #folders: FolderListings;
  readonly #changes: ChangePages;
  readonly #content: ContentFetcher;
  readonly #rebuilder: EmailRebuilder;
  readonly #options: EwsClientOptions;

  constructor(options: EwsClientOptions, client: EwsClient) {
    this.#client = client;
    this.#folders = new FolderListings(options, client);
    this.#changes = new ChangePages(this.#client);
    const probe: Probe = (mailbox, call) => this.probe(mailbox, call);
    this.#content = new ContentFetcher(this.#client, probe, options.env.clock);
    this.#rebuilder = new EmailRebuilder({
      reader: ewsPartReader(this.#client),
      env: options.env,
      failures: EWS_FAILURES,
      probe,
    });
    this.#options = options;
  }

  /** One attempt: whoever asks wants to know how things are now. */
  async probe(mailbox: Mailbox, options: CallOptions): Promise<void> {
    const operation = getFolder([folderOfRole(mailbox, "msgfolderroot", this.#options)]);
    const { value: [rootId] } = await this.#client.attempt(mailbox, operation, options);
    if (rootId === undefined) throw noAccess(mailbox);
  }

  async folders(mailbox: Mailbox, options: CallOptions): Promise<FolderListing> {
    return await this.#folders.list(mailbox, options);
  }

  async changes(at: FolderOf, options: ChangesOptions): Promise<ChangePage> {
    return await inFolder(at, FOLDER_CODES, () => this.#changes.next(at, options));
  }

  async list(at: FolderOf, options: ListOptions): Promise<ListPage> {
    return await inFolder(
      at,
      FOLDER_CODES,
      () =>
        listItems((request) =>
          findPage(this.#client, at, request, {
            signal: options.signal,
            probe: () => this.probe(at.mailbox, options),
          }), options),
    );
  }

  async describe(
    { mailbox }: FolderOf,
    itemIds: readonly string[],
    { signal }: CallOptions,
  ): Promise<readonly DescribeOutcome[]> {
    const answers = await mapBounded(
      chunksOf([...new Set(itemIds)], LIMITS.describeItemsMax),
      LIMITS.fetchesInFlight,
      (ids) =>
        settleItems(ids, {
          env: this.#options.env,
          failures: EWS_FAILURES,
          signal,
          probe: () => this.probe(mailbox, { signal }),
          ask: (some) => describeItems(this.#client, mailbox, some, { signal }),
        }),
    );
    const settled = merged(answers);
    return itemIds.map((itemId) => {
      const answer = settled.get(itemId)!;
      return "error" in answer ? answer : { itemId, item: answer.value };
    });
  }

  async rebuild(
    { mailbox }: FolderOf,
    item: ItemDescription,
    because: SyncError,
    options: CallOptions,
  ): Promise<FetchOutcome> {
    return await this.#rebuilder.rebuild(mailbox, item, because, options);
  }

  async fetch(
    { mailbox }: FolderOf,
    items: readonly ItemDescription[],
    { signal }: CallOptions,
  ): Promise<readonly FetchOutcome[]> {
    const distinct = new Map(items.map((item) => [item.itemId, item]));
    const { requests, streamed } = planContent([...distinct.values()], this.#content.itemsMax);
    const answers = await mapBounded(
      requests,
      LIMITS.fetchesInFlight,
      (ids) =>
        settleItems<MimeContent>(ids, {
          env: this.#options.env,
          failures: EWS_FAILURES,
          signal,
          probe: () => this.probe(mailbox, { signal }),
          ask: (some) => this.#content.fetch(mailbox, some, { signal }),
        }),
    );
    const settled = merged(answers);
    const streams = new Set(streamed);
    return items.map(({ itemId }) => {
      if (streams.has(itemId)) {
        return { itemId, mime: this.#content.stream(mailbox, itemId) };
      }
      const answer = settled.get(itemId)!;
      return "error" in answer ? answer : { itemId, mime: answer.value };
    });
  }

  async countItems(at: FolderOf, since: Date, options: CallOptions): Promise<number> {
    return await inFolder(at, FOLDER_CODES, async () => {
      const order = { by: "received", from: since } as const;
      const operation = findItem({ folderId: at.folder.id, order, offset: 0, limit: 1 });
      const { items, total } = (await this.#client.send(at.mailbox, operation, options)).value;
      return total ?? items.length;
    });
  }

  async unsyncedPlaces(mailbox: Mailbox, options: CallOptions): Promise<readonly string[]> {
    const roles = UNSYNCED_PLACES.map(({ role }) => folderOfRole(mailbox, role, this.#options));
    const { value } = await this.#client.send(mailbox, countFolderItems(roles), options);
    return UNSYNCED_PLACES.flatMap(({ place, evenIfEmpty }, index) => {
      const count = value[index];
      return count === undefined || (count === 0 && !evenIfEmpty) ? [] : [place];
    });
  }
}

/** By the role of the folder that shows that there is one. Folders above others hold nothing. */
const UNSYNCED_PLACES = [
  { role: "archivemsgfolderroot", place: "online archive", evenIfEmpty: true },
  { role: "recoverableitemsdeletions", place: "recoverable items", evenIfEmpty: false },
  { role: "publicfoldersroot", place: "public folders", evenIfEmpty: true },
] as const;

function merged<T>(
  maps: readonly ReadonlyMap<string, ItemAnswer<T>>[],
): ReadonlyMap<string, ItemAnswer<T>> {
  return new Map(maps.flatMap((map) => [...map]));
}
