import type { ItemDescription } from "../core/email.ts";
import type { CallOptions, Env } from "../core/env.ts";
import type { SyncError } from "../core/errors.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { FetchOutcome } from "../core/ports.ts";
import { ALL_PARTS, PART_ATTEMPTS } from "../source/item_message.ts";
import { type AttachmentReader, isHopeless, rebuiltContent } from "../source/rebuilt_content.ts";
import type { RebuiltEmail } from "../source/rebuilt_mime.ts";
import { RepeatedFailures } from "../source/repeated_failures.ts";
import { settleItems } from "../source/settle_items.ts";
import type { GraphClient } from "./graph_client.ts";
import { GRAPH_FAILURES } from "./graph_errors.ts";
import { graphPath } from "./graph_path.ts";
import { messageParts } from "./message_parts.ts";
import type { Probe } from "./mime_fetcher.ts";

/** Puts emails together where Graph cannot give their MIME content: see `rebuiltContent`. */
export class MessageRebuilder {
  readonly #client: GraphClient;
  readonly #env: Env;
  readonly #probe: Probe;
  /** Of attachments, by their ids. */
  readonly #failures = new RepeatedFailures(GRAPH_FAILURES);

  constructor(client: GraphClient, env: Env, probe: Probe) {
    this.#client = client;
    this.#env = env;
    this.#probe = probe;
  }

  /** As `MailSource.rebuild`. */
  async rebuild(
    mailbox: Mailbox,
    item: ItemDescription,
    because: SyncError,
    options: CallOptions,
  ): Promise<FetchOutcome> {
    const { itemId } = item;
    const email = isHopeless(because.code) ? undefined : await this.#find(mailbox, item, options);
    if (!email) return { itemId, error: because };
    return { itemId, mime: rebuiltContent(email, this.#readerOf(mailbox, itemId)) };
  }

  /** As much as Graph gives; undefined where that is nothing. */
  async #find(
    mailbox: Mailbox,
    item: ItemDescription,
    { signal }: CallOptions,
  ): Promise<RebuiltEmail | undefined> {
    const { itemId } = item;
    for (const parts of PART_ATTEMPTS) {
      const request = messageParts(mailbox, itemId, parts);
      const answers = await settleItems([itemId], {
        env: this.#env,
        failures: GRAPH_FAILURES,
        signal,
        probe: () => this.#probe(mailbox, { signal }),
        ask: async () => {
          const { value } = await this.#client.attempt(mailbox, request, { signal });
          return [{ itemId, value }];
        },
      });
      const answer = answers.get(itemId)!;
      if (!("error" in answer)) {
        const missing = ALL_PARTS.filter((part) => !parts.includes(part));
        return { item, message: answer.value, missing };
      }
      if (isHopeless(answer.error.code)) return undefined;
    }
    return undefined;
  }

  #readerOf(mailbox: Mailbox, itemId: string): AttachmentReader {
    return {
      read: async ({ id }, write, options) => {
        const path = graphPath(mailbox, ["messages", itemId, "attachments", id, "$value"]);
        const request = { name: "attachment/$value", reach: "item", path } as const;
        await this.#client.copy(mailbox, request, write, options);
      },
      probe: (options) => this.#probe(mailbox, options),
      failures: this.#failures,
    };
  }
}
