import type { CallOptions, Clock } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { MimeContent } from "../core/mime_content.ts";
import { HeldContent } from "../source/held_content.ts";
import type { ItemAnswer } from "../source/item_answer.ts";
import { PagePool } from "../source/page_pool.ts";
import type { Probe } from "../source/probe.ts";
import { pushedStream, type Write } from "../source/pushed_stream.ts";
import { RepeatedFailures } from "../source/repeated_failures.ts";
import type { EwsClient } from "./client.ts";
import { FetchSize } from "./fetch_size.ts";
import { getItemContent } from "./operations/get_item_content.ts";
import { EWS_FAILURES } from "./response_codes.ts";

/** Fetches MIME content, held in memory or streamed. */
export class ContentFetcher {
  readonly #client: EwsClient;
  readonly #probe: Probe;
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #pool = new PagePool();
  readonly #size = new FetchSize();
  /** Of streams, by item id. */
  readonly #failures = new RepeatedFailures(EWS_FAILURES);

  constructor(client: EwsClient, probe: Probe, clock: Pick<Clock, "monotonicMs">) {
    this.#client = client;
    this.#probe = probe;
    this.#clock = clock;
  }

  /** Items of the next `fetch`. */
  get itemsMax(): number {
    return this.#size.items;
  }

  /** Content of several items from one request, held in memory as far as it is small enough. */
  async fetch(
    mailbox: Mailbox,
    itemIds: readonly string[],
    { signal }: CallOptions,
  ): Promise<readonly ItemAnswer<MimeContent>[]> {
    const held = new HeldContent(this.#pool);
    const receive = (index: number, bytes: Uint8Array) => held.add(index, bytes);
    const options = { signal, receive };
    const value = await this.#timed(itemIds, async () => {
      return (await this.#client.attempt(mailbox, getItemContent(itemIds), options)).value;
    });
    return value.map((answer) => {
      if ("error" in answer) return answer;
      const { itemId, value: { mimeIndex } } = answer;
      if (mimeIndex === undefined || held.isEmpty(mimeIndex)) return { itemId, error: noContent() };
      return { itemId, value: held.content(mimeIndex) ?? this.stream(mailbox, itemId) };
    });
  }

  /**
   * Content that is fetched, in a request of its own, whenever it is opened, and flows at the
   * reader's pace. One attempt: who opens it tries again (see `MimeContent.open`). A failure that
   * one poisonous item can cause every time becomes the item's own after a few of them in a row.
   */
  stream(mailbox: Mailbox, itemId: string): MimeContent {
    return {
      open: (signal) =>
        pushedStream(signal, async (write, options) => {
          try {
            await this.#copy(mailbox, itemId, write, options);
          } catch (error) {
            const probe = () => this.#probe(mailbox, options);
            throw await this.#failures.judge(itemId, error, probe);
          }
          this.#failures.succeeded(itemId);
        }),
    };
  }

  /** Learns from a request how many items the next may ask for. */
  async #timed<T>(itemIds: readonly string[], request: () => Promise<T>): Promise<T> {
    const startedMs = this.#clock.monotonicMs();
    try {
      const answer = await request();
      this.#size.answered(itemIds.length, this.#clock.monotonicMs() - startedMs);
      return answer;
    } catch (error) {
      this.#size.failed();
      throw error;
    }
  }

  async #copy(
    mailbox: Mailbox,
    itemId: string,
    write: Write,
    { signal }: CallOptions,
  ): Promise<void> {
    let isEmpty = true;
    const receive = (_index: number, bytes: Uint8Array) => {
      isEmpty = false;
      // The reader may have them longer than they are ours.
      return write(bytes.slice());
    };
    const options = { signal, receive };
    const { value } = await this.#client.attempt(mailbox, getItemContent([itemId]), options);
    const answer = value[0]!;
    if ("error" in answer) throw answer.error;
    if (isEmpty) throw noContent();
  }
}

function noContent(): SyncError {
  return new SyncError("item", "MimeContentMissing", "Exchange returns no MIME content");
}
