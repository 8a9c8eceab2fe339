import type { CallOptions } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import type { MimeContent } from "../core/mime_content.ts";
import { Base64Lines } from "./base64_lines.ts";
import type { ItemAttachment } from "./item_message.ts";
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
import type { RepeatedFailures } from "./repeated_failures.ts";

/** An attachment whose content can be fetched. */
export type FetchableAttachment = ItemAttachment & { readonly id: string };

export interface AttachmentReader {
  /** Writes the content of an attachment as it arrives: bytes of a file, MIME content of an item. */
  read(attachment: FetchableAttachment, write: Write, options: CallOptions): Promise<void>;
  /** One harmless request that shows whether the mailbox answers; rejects if not. */
  probe(options: CallOptions): Promise<void>;
  /** Of attachments, by their ids. */
  readonly failures: RepeatedFailures;
}

/** Where these are the reason, properties and attachments are refused as well, and rightly so. */
const HOPELESS_CODES: ReadonlySet<string> = new Set([
  "ErrorItemNotFound",
  "ErrorAccessDenied",
  "ErrorVirusDetected",
  "ErrorVirusMessageDeleted",
]);

/** Whether an item that failed with this code cannot be put together from its parts either. */
export function isHopeless(code: string): boolean {
  return HOPELESS_CODES.has(code);
}

/** What is encoded at a time; a body can be large. */
const WRITTEN_BYTES = 57 * 1024;

const encoder = new TextEncoder();

/**
 * The MIME content of an email put together from properties and attachments (spec section 3,
 * "Unreadable"). Attachments are read one by one whenever the content is opened, and flow at the
 * reader's pace.
 */
export function rebuiltContent(email: RebuiltEmail, reader: AttachmentReader): MimeContent {
  return {
    open: (signal) =>
      pushedStream(signal, (write, options) => writeEmail(email, reader, write, options)),
  };
}

async function writeEmail(
  email: RebuiltEmail,
  reader: AttachmentReader,
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
    await writeAttachment(attachment, reader, write, options);
  }
  await write(encoder.encode(`\r\n${delimiter}--\r\n`));
}

async function writeAttachment(
  attachment: ItemAttachment,
  { read, probe, failures }: AttachmentReader,
  write: Write,
  options: CallOptions,
): Promise<void> {
  const { id, isItem } = attachment;
  if (id === undefined) {
    return await writePart(unreadablePart(attachment, "it has no content there"), write);
  }
  const part = new AttachmentPart(attachment, write);
  try {
    await read({ ...attachment, id }, (bytes) => part.write(bytes), options);
    if (isItem && !part.hasBegun) throw noContent();
  } catch (thrown) {
    const error = await failures.judge(id, thrown, () => probe(options));
    if (part.hasBegun || !(error instanceof SyncError) || error.kind !== "item") throw error;
    return await writePart(unreadablePart(attachment, error.code), write);
  }
  failures.succeeded(id);
  await part.finish();
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
