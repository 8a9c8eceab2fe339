import type { ItemDescription } from "../core/email.ts";
import type { CallOptions, Env } from "../core/env.ts";
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
import { isStreamed } from "../source/content_plan.ts";
import { EmailRebuilder } from "../source/email_rebuilder.ts";
import { inFolder } from "../source/in_folder.ts";
import type { ItemPage, PageRequest } from "../source/item_page.ts";
import { listItems } from "../source/listing.ts";
import { mailFoldersOf } from "../source/mail_folders.ts";
import type { Probe } from "../source/probe.ts";
import { settleItems } from "../source/settle_items.ts";
import { askInBatches } from "./ask_in_batches.ts";
import { ChangePages } from "./change_pages.ts";
import { describeMessage } from "./describe_message.ts";
import { countMessages, findMessages } from "./find_messages.ts";
import { FolderTree } from "./folder_tree.ts";
import { GraphClient, type GraphClientOptions } from "./graph_client.ts";
import { GRAPH_FAILURES, GRAPH_FOLDER_CODES } from "./graph_errors.ts";
import { ListedMessages } from "./listed_messages.ts";
import { folderNamed } from "./mail_folder_requests.ts";
import { MimeFetcher } from "./mime_fetcher.ts";
import { graphPartReader } from "./part_reader.ts";
import { UndatedMessages } from "./undated_messages.ts";

/** Mailboxes of Exchange Online over Microsoft Graph v1.0, with application permissions. */
export function createGraphSource(options: GraphClientOptions): MailSource & MailSurvey {
  return new GraphSource(options);
}

class GraphSource implements MailSource, MailSurvey {
  readonly api = "graph" as const;
  readonly #env: Env;
  readonly #client: GraphClient;
  readonly #tree: FolderTree;
  readonly #undated = new UndatedMessages();
  readonly #changes: ChangePages;
  readonly #listed = new ListedMessages();
  readonly #content: MimeFetcher;
  readonly #rebuilder: EmailRebuilder;

  constructor(options: GraphClientOptions) {
    const { env } = options;
    const client = new GraphClient(options);
    const probe: Probe = (mailbox, call) => this.probe(mailbox, call);
    this.#env = env;
    this.#client = client;
    this.#tree = new FolderTree(client, env);
    this.#changes = new ChangePages({ client, env, undated: this.#undated });
    this.#content = new MimeFetcher(client, probe);
    const reader = graphPartReader(client);
    this.#rebuilder = new EmailRebuilder({ reader, env, failures: GRAPH_FAILURES, probe });
  }

  /** One attempt: whoever asks wants to know how things are now. */
  async probe(mailbox: Mailbox, options: CallOptions): Promise<void> {
    await this.#client.attempt(mailbox, folderNamed(mailbox, "msgfolderroot", "mailbox"), options);
  }

  async folders(mailbox: Mailbox, { signal }: CallOptions): Promise<FolderListing> {
    const probe = () => this.probe(mailbox, { signal });
    const { folders, serverTime } = await this.#tree.find(mailbox, { signal, probe });
    return { folders: mailFoldersOf(folders, new Set()), serverTime };
  }

  async changes(at: FolderOf, options: ChangesOptions): Promise<ChangePage> {
    const probe = () => this.probe(at.mailbox, options);
    return await inFolder(
      at,
      GRAPH_FOLDER_CODES,
      () => this.#changes.next(at, { ...options, probe }),
    );
  }

  async list(at: FolderOf, options: ListOptions): Promise<ListPage> {
    return await inFolder(
      at,
      GRAPH_FOLDER_CODES,
      () => listItems((request) => this.#find(at, request, options), options),
    );
  }

  async describe(
    at: FolderOf,
    itemIds: readonly string[],
    { signal }: CallOptions,
  ): Promise<readonly DescribeOutcome[]> {
    const { mailbox } = at;
    const known = new Map<string, ItemDescription>();
    for (const itemId of new Set(itemIds)) {
      const item = this.#listed.take(mailbox, itemId);
      if (item) known.set(itemId, item);
    }
    const unknown = itemIds.filter((itemId) => !known.has(itemId));
    const answers = await askInBatches(this.#client, mailbox, unknown, {
      env: this.#env,
      signal,
      background: unknown.every((itemId) => this.#listed.isListed(mailbox, itemId)),
      probe: () => this.probe(mailbox, { signal }),
      requestOf: (itemId) => describeMessage(at, itemId),
    });
    return itemIds.map((itemId) => {
      const item = known.get(itemId);
      if (item) return { itemId, item };
      const answer = answers.get(itemId)!;
      return "error" in answer ? answer : { itemId, item: answer.value };
    });
  }

  async fetch(
    { mailbox }: FolderOf,
    items: readonly ItemDescription[],
    { signal }: CallOptions,
  ): Promise<readonly FetchOutcome[]> {
    const distinct = [...new Map(items.map((item) => [item.itemId, item])).values()];
    const outcomes = await mapBounded(
      distinct,
      LIMITS.fetchesInFlight,
      (item) => this.#fetch(mailbox, item, { signal }),
    );
    const byId = new Map(outcomes.map((outcome) => [outcome.itemId, outcome]));
    return items.map(({ itemId }) => byId.get(itemId)!);
  }

  async rebuild(
    { mailbox }: FolderOf,
    item: ItemDescription,
    because: SyncError,
    options: CallOptions,
  ): Promise<FetchOutcome> {
    return await this.#rebuilder.rebuild(mailbox, item, because, options);
  }

  async countItems(at: FolderOf, since: Date, options: CallOptions): Promise<number> {
    return await inFolder(at, GRAPH_FOLDER_CODES, async () => {
      const request = countMessages(at.mailbox, at.folder.id, since);
      return (await this.#client.send(at.mailbox, request, options)).value;
    });
  }

  /** Graph shows neither archives nor public folders, hence nothing can be said of those. */
  async unsyncedPlaces(mailbox: Mailbox, { signal }: CallOptions): Promise<readonly string[]> {
    const role = "recoverableitemsdeletions";
    const answers = await askInBatches(this.#client, mailbox, [role], {
      env: this.#env,
      signal,
      background: true,
      probe: () => this.probe(mailbox, { signal }),
      requestOf: (name) => folderNamed(mailbox, name, "item"),
    });
    const answer = answers.get(role)!;
    return "error" in answer || answer.value.itemCount === 0 ? [] : ["recoverable items"];
  }

  /** One page of an order, whose descriptions are remembered. */
  async #find(at: FolderOf, request: PageRequest, { signal }: CallOptions): Promise<ItemPage> {
    const { by } = request.order;
    if (by === "created") {
      return await this.#undated.find(at, request, {
        signal,
        next: (token) =>
          this.#changes.page(at, {
            token,
            limit: LIMITS.syncPageChangesMax,
            signal,
            background: true,
          }),
      });
    }
    const order = { ...request.order, by };
    const { descriptions, items, complete } = await findMessages(this.#client, at, {
      ...request,
      order,
    }, {
      signal,
      probe: () => this.probe(at.mailbox, { signal }),
    });
    this.#listed.remember(at.mailbox, descriptions);
    return { items, complete };
  }

  async #fetch(
    mailbox: Mailbox,
    item: ItemDescription,
    { signal }: CallOptions,
  ): Promise<FetchOutcome> {
    const { itemId } = item;
    const background = this.#listed.isListed(mailbox, itemId);
    if (isStreamed(item)) {
      return { itemId, mime: this.#content.stream(mailbox, itemId, background) };
    }
    const answers = await settleItems<MimeContent>([itemId], {
      env: this.#env,
      failures: GRAPH_FAILURES,
      signal,
      probe: () => this.probe(mailbox, { signal }),
      ask: async () => [await this.#content.fetch(mailbox, itemId, { signal, background })],
    });
    const answer = answers.get(itemId)!;
    return "error" in answer ? answer : { itemId, mime: answer.value };
  }
}
