import type { ItemDescription } from "../core/email.ts";
import type { CallOptions, Env } from "../core/env.ts";
import type { SyncError } from "../core/errors.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { FetchOutcome } from "../core/ports.ts";
import type { FailureTable } from "./failure_table.ts";
import type { ItemAnswer } from "./item_answer.ts";
import { ALL_PARTS, type ItemMessage, type ItemPart, PART_ATTEMPTS } from "./item_message.ts";
import type { Probe } from "./probe.ts";
import type { Write } from "./pushed_stream.ts";
import { type FetchableAttachment, isHopeless, rebuiltContent } from "./rebuilt_content.ts";
import type { RebuiltEmail } from "./rebuilt_mime.ts";
import { RepeatedFailures } from "./repeated_failures.ts";
import { settleItems } from "./settle_items.ts";

/** How one API gives the parts of an email; each asks once. */
export interface PartReader {
  /** Header, body and list of attachments of an item, as far as `parts` goes. */
  message(
    mailbox: Mailbox,
    itemId: string,
    parts: readonly ItemPart[],
    options: CallOptions,
  ): Promise<ItemAnswer<ItemMessage>>;
  /** Content of an attachment of an item, as the server holds it, piece by piece. */
  attachment(
    mailbox: Mailbox,
    itemId: string,
    attachment: FetchableAttachment,
    write: Write,
    options: CallOptions,
  ): Promise<void>;
}

export interface EmailRebuilderOptions {
  readonly reader: PartReader;
  readonly env: Env;
  readonly failures: FailureTable;
  readonly probe: Probe;
}

/** Puts emails together where the server cannot give their MIME content: see `rebuiltContent`. */
export class EmailRebuilder {
  readonly #options: EmailRebuilderOptions;
  /** Of attachments, by their ids. */
  readonly #failures: RepeatedFailures;

  constructor(options: EmailRebuilderOptions) {
    this.#options = options;
    this.#failures = new RepeatedFailures(options.failures);
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
    const { reader, probe } = this.#options;
    const mime = rebuiltContent(email, {
      read: (attachment, write, call) =>
        reader.attachment(mailbox, itemId, attachment, write, call),
      probe: (call) => probe(mailbox, call),
      failures: this.#failures,
    });
    return { itemId, mime };
  }

  /** As much as the server gives; undefined where that is nothing. */
  async #find(
    mailbox: Mailbox,
    item: ItemDescription,
    { signal }: CallOptions,
  ): Promise<RebuiltEmail | undefined> {
    const { itemId } = item;
    const { reader, env, failures, probe } = this.#options;
    for (const parts of PART_ATTEMPTS) {
      const answers = await settleItems([itemId], {
        env,
        failures,
        signal,
        probe: () => probe(mailbox, { signal }),
        ask: async () => [await reader.message(mailbox, itemId, parts, { signal })],
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
}
