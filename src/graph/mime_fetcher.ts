import { SyncError } from "../core/errors.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { MimeContent } from "../core/mime_content.ts";
import { HeldContent } from "../source/held_content.ts";
import type { ItemAnswer } from "../source/item_answer.ts";
import { PagePool } from "../source/page_pool.ts";
import type { Probe } from "../source/probe.ts";
import { pushedStream, type Write } from "../source/pushed_stream.ts";
import { RepeatedFailures } from "../source/repeated_failures.ts";
import type { AttemptOptions, ContentRequest, GraphClient } from "./graph_client.ts";
import { GRAPH_FAILURES } from "./graph_errors.ts";
import { graphPath } from "./graph_path.ts";

/** Fetches MIME content, held in memory or streamed. */
export class MimeFetcher {
  readonly #client: GraphClient;
  readonly #probe: Probe;
  readonly #pool = new PagePool();
  /** Of streams, by item id. */
  readonly #failures = new RepeatedFailures(GRAPH_FAILURES);

  constructor(client: GraphClient, probe: Probe) {
    this.#client = client;
    this.#probe = probe;
  }

  /** Content of one message, held in memory if it is small enough; one attempt. */
  async fetch(
    mailbox: Mailbox,
    itemId: string,
    options: AttemptOptions,
  ): Promise<ItemAnswer<MimeContent>> {
    const held = new HeldContent(this.#pool);
    const { background = false } = options;
    try {
      await this.#client.copy(mailbox, mimeContent(mailbox, itemId), (bytes) => {
        held.add(0, bytes);
        if (held.isDropped(0)) throw new TooLargeToHold();
      }, options);
    } catch (error) {
      if (error instanceof TooLargeToHold) {
        return { itemId, value: this.stream(mailbox, itemId, background) };
      }
      if (!(error instanceof SyncError) || error.kind === "retryable") throw error;
      return { itemId, error };
    }
    const value = held.content(0);
    return value ? { itemId, value } : { itemId, error: noContent() };
  }

  /**
   * Content that is fetched whenever it is opened, and flows at the reader's pace. One attempt: who
   * opens it tries again (see `MimeContent.open`). A failure that one poisonous item can cause every
   * time becomes the item's own after a few of them in a row.
   */
  stream(mailbox: Mailbox, itemId: string, background: boolean): MimeContent {
    return {
      open: (signal) =>
        pushedStream(signal, async (write, options) => {
          try {
            await this.#copy(mailbox, itemId, write, { ...options, background });
          } catch (error) {
            const probe = () => this.#probe(mailbox, options);
            throw await this.#failures.judge(itemId, error, probe);
          }
          this.#failures.succeeded(itemId);
        }),
    };
  }

  async #copy(
    mailbox: Mailbox,
    itemId: string,
    write: Write,
    options: AttemptOptions,
  ): Promise<void> {
    let isEmpty = true;
    await this.#client.copy(mailbox, mimeContent(mailbox, itemId), (bytes) => {
      isEmpty = false;
      return write(bytes);
    }, options);
    if (isEmpty) throw noContent();
  }
}

/** Ends the reading of content that is to be streamed instead. */
class TooLargeToHold extends Error {}

function mimeContent(mailbox: Mailbox, itemId: string): ContentRequest {
  return {
    name: "message/$value",
    reach: "item",
    path: graphPath(mailbox, ["messages", itemId, "$value"]),
    refuse: /\b(?:html|json)\b/i,
  };
}

function noContent(): SyncError {
  return new SyncError("item", "MimeContentMissing", "Graph returns no MIME content");
}
