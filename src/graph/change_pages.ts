import { z } from "zod";
import type { CallOptions, Env } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Change, ChangePage, ChangesOptions, FolderOf } from "../core/ports.ts";
import { smallerAfter } from "../source/smaller_page.ts";
import { askInBatches } from "./ask_in_batches.ts";
import type { AttemptOptions, GraphClient } from "./graph_client.ts";
import { pathOfToken } from "./graph_link.ts";
import { graphPath } from "./graph_path.ts";
import { type GraphRequest, readAs } from "./graph_request.ts";
import { type DeltaPage, messageDelta } from "./message_delta.ts";
import type { UndatedMessages } from "./undated_messages.ts";

export interface ChangePagesOptions {
  readonly client: GraphClient;
  readonly env: Env;
  /** Told of every page: messages without received time are found by it. */
  readonly undated: UndatedMessages;
}

export interface NextOptions extends ChangesOptions {
  /** One harmless request that shows whether the mailbox answers; rejects if not. */
  readonly probe: () => Promise<void>;
}

/** Pages of folders' changes. */
export class ChangePages {
  readonly #client: GraphClient;
  readonly #env: Env;
  readonly #undated: UndatedMessages;

  constructor({ client, env, undated }: ChangePagesOptions) {
    this.#client = client;
    this.#env = env;
    this.#undated = undated;
  }

  /** The page after `token`, of about `limit` changes. Rejects as `GraphClient.send` does. */
  async next(at: FolderOf, options: NextOptions): Promise<ChangePage> {
    const page = await this.page(at, options);
    this.#undated.note(at, options.token, page);
    const { messages, removed, token, complete } = page;
    const arrived = messages.map(({ itemId }): Change => ({ kind: "createOrUpdate", itemId }));
    const gone = await this.#changesOf(at, removed, options);
    return { changes: [...arrived, ...gone], token, complete };
  }

  /** One page as Graph gives it: what is removed has not been asked for again. */
  async page(
    at: FolderOf,
    { token, limit, signal, background = false }: ChangesOptions & AttemptOptions,
  ): Promise<DeltaPage> {
    const { endpoint } = this.#client;
    const path = token === undefined ? undefined : pathOfToken(token, endpoint);
    const wanted = Math.min(limit, LIMITS.syncPageChangesMax);
    const requestOf = (size: number) => messageDelta(at, { path, limit: size, endpoint });
    const answer = await this.#client.send(at.mailbox, requestOf(wanted), {
      signal,
      background,
      insteadAfter: smallerAfter(wanted, requestOf),
    });
    // The next page would be the same for ever.
    if (!answer.value.complete && answer.value.token === token) throw inCircles();
    return answer.value;
  }

  /**
   * Asks for what is said to be removed. A message that was moved away and back between two calls is
   * reported as removed, and with immutable ids never again as created (microsoft-graph-docs-contrib
   * issue 72): it is still here.
   */
  async #changesOf(
    at: FolderOf,
    removed: readonly string[],
    { signal, probe }: CallOptions & Pick<NextOptions, "probe">,
  ): Promise<readonly Change[]> {
    const answers = await askInBatches(this.#client, at.mailbox, removed, {
      env: this.#env,
      signal,
      probe,
      background: true,
      requestOf: (id) => parentOf(at, id),
    });
    return [...new Set(removed)].map((itemId): Change => {
      const answer = answers.get(itemId)!;
      const isGone = "error" in answer
        ? GONE_CODES.has(answer.error.code)
        : answer.value !== at.folder.id;
      return { kind: isGone ? "delete" : "createOrUpdate", itemId };
    });
  }
}

function inCircles(): SyncError {
  return new SyncError("retryable", "ResponseCorrupt", "Graph's list of changes goes in circles");
}

const GONE_CODES: ReadonlySet<string> = new Set(["ErrorItemNotFound", "ItemNotFound"]);

const PARENT = z.object({ parentFolderId: z.string() });

/** In which folder a message lies. */
function parentOf({ mailbox }: FolderOf, itemId: string): GraphRequest<string> {
  return {
    name: "message",
    reach: "item",
    path: graphPath(mailbox, ["messages", itemId], { $select: "id,parentFolderId" }),
    read: (answer) => readAs(PARENT, answer).parentFolderId,
  };
}
