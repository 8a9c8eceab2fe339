import type { CallOptions, Env } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { FoundFolder } from "../source/mail_folders.ts";
import { askInBatches } from "./ask_in_batches.ts";
import type { GraphClient } from "./graph_client.ts";
import { GRAPH_FOLDER_CODES } from "./graph_errors.ts";
import { GRAPH_LIMITS } from "./graph_limits.ts";
import type { GraphRequest } from "./graph_request.ts";
import {
  childFolders,
  folderNamed,
  furtherFolders,
  type GraphFolder,
  type GraphFolderPage,
  topFolders,
} from "./mail_folder_requests.ts";

/** Well-known names (mailFolder resource type) of folders below the message root; EWS has the same. */
const ROLES = [
  "archive",
  "clutter",
  "conflicts",
  "conversationhistory",
  "deleteditems",
  "drafts",
  "inbox",
  "junkemail",
  "localfailures",
  "outbox",
  "scheduled",
  "sentitems",
  "serverfailures",
  "syncissues",
] as const;

export interface FolderTreeOptions extends CallOptions {
  /** One harmless request that shows whether the mailbox answers; rejects if not. */
  readonly probe: () => Promise<void>;
}

export interface FoundTree {
  readonly folders: readonly FoundFolder[];
  /** The server's own clock (HTTP `Date`) when it began to answer. */
  readonly serverTime: Date;
}

interface Known {
  readonly ids: ReadonlySet<string>;
  /** Role by id. */
  readonly roles: ReadonlyMap<string, string>;
}

/**
 * All folders below the message root, level by level: the children of twenty folders in one request.
 * Roles are asked for again only when folders have come or gone.
 */
export class FolderTree {
  readonly #client: GraphClient;
  readonly #env: Env;
  /** By mailbox, as they were found last. */
  readonly #known = new Map<string, Known>();

  constructor(client: GraphClient, env: Env) {
    this.#client = client;
    this.#env = env;
  }

  /** Parents before children. */
  async find(mailbox: Mailbox, options: FolderTreeOptions): Promise<FoundTree> {
    let tree = await this.#walk(mailbox, options);
    // A folder that was moved from a level still to come to one already seen is in neither.
    if (await this.#hasMissed(mailbox, tree.folders, options)) {
      tree = await this.#walk(mailbox, options);
    }
    const roles = await this.#rolesOf(mailbox, tree.folders, options);
    const folders = tree.folders.map(({ hasChildren: _, ...folder }) => {
      const role = roles.get(folder.id);
      return role === undefined ? folder : { ...folder, distinguishedId: role };
    });
    return { folders, serverTime: tree.serverTime };
  }

  async #walk(
    mailbox: Mailbox,
    options: FolderTreeOptions,
  ): Promise<{ readonly folders: readonly GraphFolder[]; readonly serverTime: Date }> {
    const { endpoint } = this.#client;
    const { value, serverTime } = await this.#client.send(
      mailbox,
      topFolders(mailbox, endpoint),
      options,
    );
    const found = new Map<string, GraphFolder>();
    let level = this.#newOf(await this.#whole(mailbox, value, options), found);
    while (level.length > 0) {
      const parents = level.filter(({ hasChildren, type }) => hasChildren && type === "Folder");
      const pages = await this.#childrenOf(mailbox, parents.map(({ id }) => id), options);
      level = this.#newOf(pages, found);
    }
    return { folders: [...found.values()], serverTime };
  }

  /** Those not found before: a hostile answer may go in circles. */
  #newOf(
    folders: readonly GraphFolder[],
    found: Map<string, GraphFolder>,
  ): readonly GraphFolder[] {
    const fresh = folders.filter(({ id }) => !found.has(id));
    for (const folder of fresh) found.set(folder.id, folder);
    if (found.size > GRAPH_LIMITS.foldersMax) throw tooManyFolders();
    return fresh;
  }

  async #childrenOf(
    mailbox: Mailbox,
    parentIds: readonly string[],
    options: FolderTreeOptions,
  ): Promise<readonly GraphFolder[]> {
    const { endpoint } = this.#client;
    const pages = await this.#ask(
      mailbox,
      parentIds,
      (id) => childFolders(mailbox, id, endpoint),
      options,
    );
    const children: GraphFolder[] = [];
    for (const page of pages.values()) {
      children.push(...await this.#whole(mailbox, page, options));
    }
    return children;
  }

  /** The folders of a page and of those that follow it. */
  async #whole(
    mailbox: Mailbox,
    first: GraphFolderPage,
    options: CallOptions,
  ): Promise<readonly GraphFolder[]> {
    const folders = [...first.folders];
    let { nextPath } = first;
    for (let pages = 1; nextPath !== undefined; pages++) {
      const request = furtherFolders(nextPath, this.#client.endpoint);
      const { value } = await this.#client.send(mailbox, request, options);
      folders.push(...value.folders);
      const isEndless = folders.length > GRAPH_LIMITS.foldersMax || pages > GRAPH_LIMITS.pagesMax;
      if (isEndless) throw tooManyFolders();
      nextPath = value.nextPath;
    }
    return folders;
  }

  /** Whether a folder that is known from before was not found although it still exists. */
  async #hasMissed(
    mailbox: Mailbox,
    folders: readonly GraphFolder[],
    options: FolderTreeOptions,
  ): Promise<boolean> {
    const found = new Set(folders.map(({ id }) => id));
    const missing = [...this.#known.get(mailbox.address)?.ids ?? []].filter((id) => !found.has(id));
    const existing = await this.#ask(
      mailbox,
      missing,
      (id) => folderNamed(mailbox, id, "item"),
      options,
    );
    return existing.size > 0;
  }

  async #rolesOf(
    mailbox: Mailbox,
    folders: readonly GraphFolder[],
    options: FolderTreeOptions,
  ): Promise<ReadonlyMap<string, string>> {
    const ids = new Set(folders.map(({ id }) => id));
    const known = this.#known.get(mailbox.address);
    if (known && known.ids.size === ids.size && known.ids.isSubsetOf(ids)) return known.roles;
    const named = await this.#ask(
      mailbox,
      ROLES,
      (role) => folderNamed(mailbox, role, "item"),
      options,
    );
    const roles = new Map([...named].map(([role, { id }]) => [id, role]));
    this.#known.set(mailbox.address, { ids, roles });
    return roles;
  }

  /** Answers by id; folders that do not exist have none. */
  async #ask<T>(
    mailbox: Mailbox,
    ids: readonly string[],
    requestOf: (id: string) => GraphRequest<T>,
    options: FolderTreeOptions,
  ): Promise<ReadonlyMap<string, T>> {
    const answers = await askInBatches(this.#client, mailbox, ids, {
      ...options,
      env: this.#env,
      requestOf,
    });
    const found = new Map<string, T>();
    for (const [id, answer] of answers) {
      if (!("error" in answer)) found.set(id, answer.value);
      else if (!GRAPH_FOLDER_CODES.gone.has(answer.error.code)) throw answer.error.as("mailbox");
    }
    return found;
  }
}

function tooManyFolders(): SyncError {
  return new SyncError("mailbox", "FoldersTooMany", "The mailbox seems to have no end of folders", {
    hint: "Check graph_endpoint and whoever answers there; Exchange allows fewer folders",
  });
}
