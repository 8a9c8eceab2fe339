import type { ItemDescription } from "../core/email.ts";
import type { CallOptions, Env } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { MimeContent } from "../core/mime_content.ts";
import type { FetchOutcome } from "../core/ports.ts";
import { Base64Lines } from "./base64_lines.ts";
import type { EwsClient } from "./client.ts";
import type { Probe } from "./content_fetcher.ts";
import { getAttachment } from "./operations/get_attachment.ts";
import {
  getItemMessage,
  type ItemAttachment,
  type ItemMessageType,
  type ItemPart,
} from "./operations/get_item_message.ts";
import { pushedStream, type Write } from "./pushed_stream.ts";
import {
  attachmentHeader,
  bodyPart,
  boundaryOf,
  headerOf,
  type RebuiltEmail,
  type RebuiltPart,
  unreadablePart,
} from "./rebuilt_mime.ts";
import { RepeatedFailures } from "./repeated_failures.ts";
import { settleItems } from "./settle_items.ts";

/** Where these are the reason, properties and attachments are refused as well, and rightly so. */
const HOPELESS_CODES: ReadonlySet<string> = new Set([
  "ErrorItemNotFound",
  "ErrorAccessDenied",
  "ErrorVirusDetected",
  "ErrorVirusMessageDeleted",
]);

const ALL_PARTS: readonly ItemPart[] = ["body", "attachments", "headers"];
/** What is asked for, one after another: all, each one left out, and none of them. */
const ATTEMPTS: readonly (readonly ItemPart[])[] = [
  ALL_PARTS,
  ...ALL_PARTS.map((left) => ALL_PARTS.filter((part) => part !== left)),
  [],
];

const TYPES: readonly ItemMessageType[] = ["message", "post", "any"];

/** What is encoded at a time; a body can be large. */
const WRITTEN_BYTES = 57 * 1024;

const encoder = new TextEncoder();

/**
 * Puts emails together from properties and attachments where Exchange cannot give their MIME content
 * (spec section 3, "Unreadable"). Attachments are fetched one by one whenever the content is opened,
 * and flow at the reader's pace.
 */
export class EmailRebuilder {
  readonly #client: EwsClient;
  readonly #env: Env;
  readonly #probe: Probe;
  /** Of attachments, by their ids. */
  readonly #failures = new RepeatedFailures();

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
    const email = HOPELESS_CODES.has(because.code)
      ? undefined
      : await this.#find(mailbox, item, options);
    return email ? { itemId, mime: this.#contentOf(mailbox, email) } : { itemId, error: because };
  }

  /** As much as Exchange gives; undefined where that is nothing. */
  async #find(
    mailbox: Mailbox,
    item: ItemDescription,
    { signal }: CallOptions,
  ): Promise<RebuiltEmail | undefined> {
    let type: ItemMessageType | undefined = TYPES[0];
    let attempt = 0;
    while (type !== undefined && attempt < ATTEMPTS.length) {
      const parts: readonly ItemPart[] = ATTEMPTS[attempt]!;
      const operation = getItemMessage(item.itemId, type, parts);
      const answers = await settleItems([item.itemId], {
        env: this.#env,
        signal,
        probe: () => this.#probe(mailbox, { signal }),
        ask: async () => (await this.#client.attempt(mailbox, operation, { signal })).value,
      });
      const answer = answers.get(item.itemId)!;
      if (!("error" in answer)) {
        const missing = ALL_PARTS.filter((part) => !parts.includes(part));
        return { item, message: answer.value, missing };
      }
      if (HOPELESS_CODES.has(answer.error.code)) return undefined;
      if (answer.error.code !== "ErrorInvalidPropertyRequest") attempt++;
      else type = TYPES[TYPES.indexOf(type) + 1];
    }
    return undefined;
  }

  #contentOf(mailbox: Mailbox, email: RebuiltEmail): MimeContent {
    return {
      open: (signal) =>
        pushedStream(signal, (write, options) => this.#write(mailbox, email, write, options)),
    };
  }

  async #write(
    mailbox: Mailbox,
    email: RebuiltEmail,
    write: Write,
    options: CallOptions,
  ): Promise<void> {
    const delimiter = `--${boundaryOf(email.item)}`;
    await write(encoder.encode(`${headerOf(email)}${delimiter}\r\n`));
    await writePart(bodyPart(email), write);
    // Where their list cannot be had, their names are known at least.
    const attachments: readonly ItemAttachment[] = email.message.attachments ??
      email.item.attachments.map((known) => ({ ...known, isItem: false }));
    for (const attachment of attachments) {
      await write(encoder.encode(`\r\n${delimiter}\r\n`));
      await this.#writeAttachment(mailbox, attachment, write, options);
    }
    await write(encoder.encode(`\r\n${delimiter}--\r\n`));
  }

  async #writeAttachment(
    mailbox: Mailbox,
    attachment: ItemAttachment,
    write: Write,
    { signal }: CallOptions,
  ): Promise<void> {
    const { id, isItem } = attachment;
    if (id === undefined) {
      return await writePart(unreadablePart(attachment, "it has no content there"), write);
    }
    const part = new AttachmentPart(attachment, write);
    try {
      const receive = (_index: number, bytes: Uint8Array) => part.write(bytes);
      await this.#client.attempt(mailbox, getAttachment({ id, isItem }), { signal, receive });
      if (isItem && !part.hasBegun) throw noContent();
    } catch (thrown) {
      const probe = () => this.#probe(mailbox, { signal });
      const error = await this.#failures.judge(id, thrown, probe);
      if (part.hasBegun || !(error instanceof SyncError) || error.kind !== "item") throw error;
      return await writePart(unreadablePart(attachment, error.code), write);
    }
    this.#failures.succeeded(id);
    await part.finish();
  }
}

/** Writes an attachment as its content arrives; nothing as long as none has. */
class AttachmentPart {
  readonly #attachment: ItemAttachment;
  readonly #write: Write;
  readonly #lines = new Base64Lines();
  hasBegun = false;

  constructor(attachment: ItemAttachment, write: Write) {
    this.#attachment = attachment;
    this.#write = write;
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.#begin();
    const encoded = this.#attachment.isItem ? bytes : this.#lines.encode(bytes);
    if (encoded.length > 0) await this.#write(encoded);
  }

  async finish(): Promise<void> {
    await this.#begin();
    const encoded = this.#lines.finish();
    if (encoded.length > 0) await this.#write(encoded);
  }

  async #begin(): Promise<void> {
    if (this.hasBegun) return;
    this.hasBegun = true;
    await this.#write(encoder.encode(attachmentHeader(this.#attachment)));
  }
}

async function writePart({ header, content }: RebuiltPart, write: Write): Promise<void> {
  await write(encoder.encode(header));
  const lines = new Base64Lines();
  for (let at = 0; at < content.length; at += WRITTEN_BYTES) {
    await write(lines.encode(content.subarray(at, at + WRITTEN_BYTES)));
  }
  await write(lines.finish());
}

function noContent(): SyncError {
  return new SyncError("item", "AttachmentMissing", "Exchange returns no content of an attachment");
}
