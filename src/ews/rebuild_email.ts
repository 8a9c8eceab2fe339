import type { ItemDescription } from "../core/email.ts";
import type { CallOptions, Env } from "../core/env.ts";
import type { SyncError } from "../core/errors.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { FetchOutcome } from "../core/ports.ts";
import { ALL_PARTS, type ItemPart, PART_ATTEMPTS } from "../source/item_message.ts";
import { type AttachmentReader, isHopeless, rebuiltContent } from "../source/rebuilt_content.ts";
import type { RebuiltEmail } from "../source/rebuilt_mime.ts";
import { RepeatedFailures } from "../source/repeated_failures.ts";
import { settleItems } from "../source/settle_items.ts";
import type { EwsClient } from "./client.ts";
import type { Probe } from "./content_fetcher.ts";
import { getAttachment } from "./operations/get_attachment.ts";
import { getItemMessage, type ItemMessageType } from "./operations/get_item_message.ts";
import { EWS_FAILURES } from "./response_codes.ts";

const TYPES: readonly ItemMessageType[] = ["message", "post", "any"];

/** Puts emails together where Exchange cannot give their MIME content: see `rebuiltContent`. */
export class EmailRebuilder {
  readonly #client: EwsClient;
  readonly #env: Env;
  readonly #probe: Probe;
  /** Of attachments, by their ids. */
  readonly #failures = new RepeatedFailures(EWS_FAILURES);

  constructor(client: EwsClient, env: Env, probe: Probe) {
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
    return { itemId, mime: rebuiltContent(email, this.#readerOf(mailbox)) };
  }

  /** As much as Exchange gives; undefined where that is nothing. */
  async #find(
    mailbox: Mailbox,
    item: ItemDescription,
    { signal }: CallOptions,
  ): Promise<RebuiltEmail | undefined> {
    let type: ItemMessageType | undefined = TYPES[0];
    let attempt = 0;
    while (type !== undefined && attempt < PART_ATTEMPTS.length) {
      const parts: readonly ItemPart[] = PART_ATTEMPTS[attempt]!;
      const operation = getItemMessage(item.itemId, type, parts);
      const answers = await settleItems([item.itemId], {
        env: this.#env,
        failures: EWS_FAILURES,
        signal,
        probe: () => this.#probe(mailbox, { signal }),
        ask: async () => (await this.#client.attempt(mailbox, operation, { signal })).value,
      });
      const answer = answers.get(item.itemId)!;
      if (!("error" in answer)) {
        const missing = ALL_PARTS.filter((part) => !parts.includes(part));
        return { item, message: answer.value, missing };
      }
      if (isHopeless(answer.error.code)) return undefined;
      if (answer.error.code !== "ErrorInvalidPropertyRequest") attempt++;
      else type = TYPES[TYPES.indexOf(type) + 1];
    }
    return undefined;
  }

  #readerOf(mailbox: Mailbox): AttachmentReader {
    return {
      read: async ({ id, isItem }, write, { signal }) => {
        const receive = (_index: number, bytes: Uint8Array) => write(bytes);
        await this.#client.attempt(mailbox, getAttachment({ id, isItem }), { signal, receive });
      },
      probe: (options) => this.#probe(mailbox, options),
      failures: this.#failures,
    };
  }
}
