import type { CallOptions } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import type { Mailbox } from "../core/mailbox.ts";
import { heldMimeContent, type MimeContent } from "../core/mime_content.ts";
import type { EwsClient } from "./client.ts";
import { HeldContent } from "./held_content.ts";
import { getItemContent } from "./operations/get_item_content.ts";
import type { ItemAnswer } from "./operations/item_answer.ts";
import { ATTEMPTS_FEW, mayBeItemsFault } from "./response_codes.ts";

/** How many items with failed streams are remembered; the oldest is forgotten first. */
const FAILURES_MAX = 1_000;

/** Fetches MIME content, held in memory or streamed. */
export class ContentFetcher {
  readonly #client: EwsClient;
  /** By item id, how often in a row its stream failed for a reason that may be its own fault. */
  readonly #failures = new Map<string, number>();

  constructor(client: EwsClient) {
    this.#client = client;
  }

  /** Content of several items from one request, held in memory as far as it is small enough. */
  async fetch(
    mailbox: Mailbox,
    itemIds: readonly string[],
    { signal }: CallOptions,
  ): Promise<readonly ItemAnswer<MimeContent>[]> {
    const held = new HeldContent();
    const receive = (index: number, bytes: Uint8Array) => held.add(index, bytes);
    const options = { signal, receive };
    const { value } = await this.#client.attempt(mailbox, getItemContent(itemIds), options);
    return value.map((answer) => {
      if ("error" in answer) return answer;
      const { itemId, value: { mimeIndex } } = answer;
      if (mimeIndex === undefined || held.isEmpty(mimeIndex)) return { itemId, error: noContent() };
      const chunks = held.chunks(mimeIndex);
      return { itemId, value: chunks ? heldMimeContent(chunks) : this.stream(mailbox, itemId) };
    });
  }

  /**
   * Content that is fetched, in a request of its own, whenever it is opened, and flows at the
   * reader's pace. One attempt: who opens it tries again (see `MimeContent.open`). A failure that
   * one poisonous item can cause every time becomes the item's own after a few of them in a row.
   */
  stream(mailbox: Mailbox, itemId: string): MimeContent {
    return {
      open: (signal) => {
        const cancelled = new AbortController();
        // Nothing is read ahead: the writer waits until somebody reads.
        const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
        const writer = writable.getWriter();
        // Rejects when the reader cancels; then the request must not go on.
        writer.closed.catch((reason) => cancelled.abort(reason));
        const options = { signal: AbortSignal.any([signal, cancelled.signal]) };
        this.#pump(mailbox, itemId, writer, options)
          // The stream carries the failure to its reader; after a cancel there is none.
          .catch((error) => writer.abort(error).catch(() => {}));
        return readable;
      },
    };
  }

  async #pump(
    mailbox: Mailbox,
    itemId: string,
    writer: WritableStreamDefaultWriter<Uint8Array>,
    options: CallOptions,
  ): Promise<void> {
    try {
      await this.#copy(mailbox, itemId, writer, options);
    } catch (error) {
      throw error instanceof SyncError ? this.#judge(itemId, error) : error;
    }
    this.#failures.delete(itemId);
    await writer.close();
  }

  async #copy(
    mailbox: Mailbox,
    itemId: string,
    writer: WritableStreamDefaultWriter<Uint8Array>,
    { signal }: CallOptions,
  ): Promise<void> {
    let isEmpty = true;
    const receive = (_index: number, bytes: Uint8Array) => {
      isEmpty = false;
      return writer.write(bytes);
    };
    const options = { signal, receive };
    const { value } = await this.#client.attempt(mailbox, getItemContent([itemId]), options);
    const answer = value[0]!;
    if ("error" in answer) throw answer.error;
    if (isEmpty) throw noContent();
  }

  #judge(itemId: string, error: SyncError): SyncError {
    if (!mayBeItemsFault(error)) return error;
    const count = (this.#failures.get(itemId) ?? 0) + 1;
    this.#failures.delete(itemId);
    if (count >= ATTEMPTS_FEW) return error.as("item");
    const [oldest] = this.#failures.keys();
    if (this.#failures.size >= FAILURES_MAX && oldest !== undefined) this.#failures.delete(oldest);
    this.#failures.set(itemId, count);
    return error;
  }
}

function noContent(): SyncError {
  return new SyncError("item", "MimeContentMissing", "Exchange returns no MIME content");
}
