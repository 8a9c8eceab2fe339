import type { EmailRecord, RawEmail } from "../core/email.ts";
import type { CallOptions } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Mailbox } from "../core/mailbox.ts";
import { Semaphore } from "../core/semaphore.ts";
import { decodeEmailJson, type StoredContent } from "./email_json.ts";
import { dataFolderOf, emailObjectOf, mayHoldEmails } from "./layout.ts";
import { mapWithin } from "./map_within.ts";
import type { ObjectStore } from "./object_store.ts";
import {
  type ObjectContents,
  openStoredContent,
  storedEmailDamaged,
} from "./stored_email_content.ts";

/** What is found under the name of a complete email. */
export type FoundEmail = StoredEmail | DamagedEmail;

interface Found {
  /**
   * Its place in the order of all emails of the mailbox: the name of both of its objects below the
   * data folder, without extension.
   */
  readonly position: string;
}

export interface StoredEmail extends Found {
  readonly kind: "stored";
  readonly record: EmailRecord;
  readonly content: StoredContent;
  /** Size of the `.json` in bytes. */
  readonly recordBytes: number;
}

/** Its record is not one of ours, or cut. */
export interface DamagedEmail extends Found {
  readonly kind: "damaged";
  /** Kind `item`, code `StoredEmailDamaged`. */
  readonly error: SyncError;
}

export interface WalkEmailsOptions extends CallOptions {
  /** Only what comes behind this position; absent: all. */
  readonly after?: string;
  /** Only emails received at or after it, or of that time where nothing else is known; absent: all. */
  readonly since?: Date;
}

/** Records read ahead at a time: each may take `LIMITS.emailRecordBytesMax`. */
const RECORDS_AT_A_TIME = 8;

/**
 * The complete emails that are stored of one mailbox, as `ObjectSink` stored them, to be delivered
 * elsewhere. Only reads, and holds no lock: of what is stored or replaced meanwhile, some is found.
 */
export class StoredEmails {
  readonly #store: ObjectStore;
  readonly #contents: ObjectContents;
  readonly #mailbox: Mailbox;
  readonly #folder: string;

  constructor(
    { store, contents }: { readonly store: ObjectStore; readonly contents: ObjectContents },
    mailbox: Mailbox,
  ) {
    this.#store = store;
    this.#contents = contents;
    this.#mailbox = mailbox;
    this.#folder = dataFolderOf(mailbox);
  }

  /** All of them in order of position. Rejects as `ObjectStore` does. */
  async *walk(options: WalkEmailsOptions): AsyncGenerator<FoundEmail, void> {
    const { signal, since } = options;
    const slots = new Semaphore(RECORDS_AT_A_TIME);
    const look = (position: string, inner: CallOptions) => this.#read(position, inner);
    for await (const positions of inChunks(this.#positions(options), RECORDS_AT_A_TIME)) {
      for (const found of await mapWithin(slots, positions, look, { signal })) {
        if (found && !isOlder(found, since)) yield found;
      }
    }
  }

  /**
   * The email with its content: see `openStoredContent`. What was replaced since its record was
   * read is read once more.
   */
  async open(email: StoredEmail, options: CallOptions): Promise<RawEmail> {
    try {
      return await this.#open(email, options);
    } catch (thrown) {
      if (!(thrown instanceof SyncError) || thrown.kind !== "item") throw thrown;
      const again = await this.#read(email.position, options);
      if (again?.kind !== "stored" || isSameContent(again, email)) throw thrown;
      return await this.#open(again, options);
    }
  }

  async #open({ position, record, content }: StoredEmail, options: CallOptions): Promise<RawEmail> {
    const at = { ...content, name: `${this.#folder}/${position}.eml` };
    const mime = await openStoredContent(this.#contents, at, options);
    return { ...record, mime, ...(content.rebuilt ? { rebuilt: true } : {}) };
  }

  async *#positions({ signal, after = "" }: WalkEmailsOptions): AsyncGenerator<string, void> {
    const folder = this.#folder;
    const enter = (inner: string) =>
      mayHoldEmails(this.#mailbox, inner) && mayLieBehind(inner.slice(folder.length + 1), after);
    for await (const name of this.#store.walk(folder, { signal, enter })) {
      const found = emailObjectOf(this.#mailbox, name);
      if (found?.part !== "record") continue;
      const position = found.stem.slice(folder.length + 1);
      if (position > after) yield position;
    }
  }

  /** `undefined` if the record has gone meanwhile. */
  async #read(position: string, { signal }: CallOptions): Promise<FoundEmail | undefined> {
    const name = `${this.#folder}/${position}.json`;
    // One byte more than a record may have tells that it is longer.
    const bytesMax = LIMITS.emailRecordBytesMax + 1;
    const bytes = await this.#store.read(name, { signal, bytesMax });
    if (!bytes) return undefined;
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    const key = position.slice(position.lastIndexOf("/") + 1);
    const decoded = decodeEmailJson(text, { mailbox: this.#mailbox, key });
    if ("fault" in decoded) {
      return { kind: "damaged", position, error: storedEmailDamaged(name, decoded.fault) };
    }
    return { kind: "stored", position, ...decoded, recordBytes: bytes.byteLength };
  }
}

/** Positions are of one form, so that the order of names is the order of folders, too. */
function mayLieBehind(folder: string, after: string): boolean {
  return folder >= after.slice(0, folder.length);
}

/** Without a received time an item counts at its timestamp; without both it is never too old. */
function isOlder(found: FoundEmail, since: Date | undefined): boolean {
  if (!since || found.kind === "damaged") return false;
  const { metadata, timestamp } = found.record;
  const time = metadata.receivedAt ?? timestamp;
  return time !== undefined && time < since;
}

function isSameContent(a: StoredEmail, b: StoredEmail): boolean {
  return a.content.sha256 === b.content.sha256 && a.content.sizeBytes === b.content.sizeBytes;
}

async function* inChunks<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[], void> {
  let chunk: T[] = [];
  for await (const item of items) {
    chunk.push(item);
    if (chunk.length < size) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}
