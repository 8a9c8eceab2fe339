import type { EmailRecord, RawEmail } from "../core/email.ts";
import type { CallOptions } from "../core/env.ts";
import { assert } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { MailboxSink, PutOutcome, RefreshOptions, StoredKeys } from "../core/ports.ts";
import type { Semaphore } from "../core/semaphore.ts";
import { decodeStoredRecord, encodeEmailJson, type StoredRecord } from "./email_json.ts";
import { isContentChanged } from "./is_content_changed.ts";
import type { KeyedQueue } from "./keyed_queue.ts";
import {
  dataFolderOf,
  dayFolderOf,
  emailObjectNamesOf,
  emailObjectOf,
  mayHoldEmails,
} from "./layout.ts";
import { mapWithin } from "./map_within.ts";
import { MeasuredContent } from "./measured_content.ts";
import type { ObjectBatch, ObjectStore } from "./object_store.ts";

const encoder = new TextEncoder();
/** A byte order mark is content: it must not compare equal to its absence. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** What `refresh` found under one key. */
interface FoundRecord {
  readonly key: string;
  readonly name: string;
  /** Only a stand-in is stored: the original is delivered wherever it comes up again. */
  readonly isRebuilt: boolean;
  /** The record as it should be; absent if it is that already, or is not to be rewritten. */
  readonly update?: string;
}

export interface ObjectMailboxSinkOptions {
  readonly store: ObjectStore;
  /** Bounds the emails being written at one time. */
  readonly uploads: Semaphore;
  /** Bounds the records being read at one time. */
  readonly reads: Semaphore;
  /** Of all that is opened on the store: deliveries under one KEY wait for each other. */
  readonly queue: KeyedQueue;
}

/** Emails of one mailbox as objects below its data folder. */
export class ObjectMailboxSink implements MailboxSink {
  readonly #mailbox: Mailbox;
  readonly #store: ObjectStore;
  readonly #uploads: Semaphore;
  readonly #reads: Semaphore;
  readonly #queue: KeyedQueue;

  constructor(mailbox: Mailbox, { store, uploads, reads, queue }: ObjectMailboxSinkOptions) {
    this.#mailbox = mailbox;
    this.#store = store;
    this.#uploads = uploads;
    this.#reads = reads;
    this.#queue = queue;
  }

  async refresh(records: readonly EmailRecord[], options: RefreshOptions): Promise<StoredKeys> {
    const latest = new Map(records.map((record) => [record.key, record]));
    const refreshed = () => this.#refresh([...latest.values()], options);
    return await this.#inTurn(latest.keys(), refreshed, options);
  }

  async *keys(options: CallOptions): AsyncGenerator<string, void> {
    const mailbox = this.#mailbox;
    const enter = (folder: string) => mayHoldEmails(mailbox, folder);
    let mimeStem: string | undefined;
    for await (const name of this.#store.walk(dataFolderOf(mailbox), { ...options, enter })) {
      const found = emailObjectOf(mailbox, name);
      // In order of name, an email's content comes before its record.
      if (found?.part === "mime") mimeStem = found.stem;
      if (found?.part === "record" && found.stem === mimeStem) yield found.key;
    }
  }

  async put(emails: readonly RawEmail[], options: CallOptions): Promise<readonly PutOutcome[]> {
    const keys = new Set(emails.map(({ key }) => key));
    assert(keys.size === emails.length, "the keys of one delivery are distinct");
    return await this.#inTurn(keys, () => this.#put(emails, options), options);
  }

  /** Deliveries under one KEY never overlap: the last one asked for is the one that stays. */
  #inTurn<T>(keys: Iterable<string>, action: () => Promise<T>, options: CallOptions): Promise<T> {
    const folder = dataFolderOf(this.#mailbox);
    return this.#queue.run([...keys].map((key) => `${folder}/${key}`), action, options);
  }

  async #put(emails: readonly RawEmail[], options: CallOptions): Promise<readonly PutOutcome[]> {
    await using batch = this.#store.batch(dataFolderOf(this.#mailbox));
    const stage = (email: RawEmail, inner: CallOptions) => this.#stage(batch, email, inner);
    const outcomes = await mapWithin(this.#uploads, emails, stage, options);
    await batch.publish(options);
    return outcomes;
  }

  async #stage(batch: ObjectBatch, email: RawEmail, options: CallOptions): Promise<PutOutcome> {
    const original = email.rebuilt ? await this.#storedOriginal(email, options) : undefined;
    if (original) return await this.#stageRecord(batch, email, original, options);
    const { key } = email;
    const names = emailObjectNamesOf(this.#mailbox, email);
    const mime = new MeasuredContent(email.mime, options.signal);
    const rebuilt = email.rebuilt ? { rebuilt: true } : {};
    const record = () => [encoder.encode(encodeEmailJson(email, { ...mime.facts, ...rebuilt }))];
    try {
      await batch.stage([
        { name: names.mime, content: () => mime },
        { name: names.record, content: record },
      ], options);
      return { key, stored: true, sizeBytes: mime.facts.sizeBytes };
    } catch (thrown) {
      const error = mime.sourceFailure;
      if (error === undefined || error !== thrown) throw thrown;
      return { key, stored: false, error };
    }
  }

  /** What an email's record says of its content, if that is stored as Exchange once gave it. */
  async #storedOriginal(
    email: EmailRecord,
    options: CallOptions,
  ): Promise<StoredRecord | undefined> {
    const { mime, record } = emailObjectNamesOf(this.#mailbox, email);
    const bytesMax = LIMITS.emailRecordBytesMax;
    const bytes = await this.#store.read(record, { ...options, bytesMax });
    const stored = bytes && decodeStoredRecord(decoder.decode(bytes));
    if (!stored || stored.content.rebuilt) return undefined;
    // The record may have lost its content, which is then what is to be delivered.
    const start = await this.#store.read(mime, { ...options, bytesMax: 1 });
    return start ? stored : undefined;
  }

  /**
   * A stand-in never takes the place of the original; what is new of the email is its metadata. If
   * its content has changed since, the record stays as it is, so that this is seen again.
   */
  async #stageRecord(
    batch: ObjectBatch,
    email: EmailRecord,
    original: StoredRecord,
    options: CallOptions,
  ): Promise<PutOutcome> {
    const { content } = original;
    const outcome = { key: email.key, stored: true, sizeBytes: content.sizeBytes } as const;
    if (isContentChanged(original, email)) return outcome;
    const { record } = emailObjectNamesOf(this.#mailbox, email);
    const text = encodeEmailJson(email, content);
    await batch.stage([{ name: record, content: () => [encoder.encode(text)] }], options);
    return outcome;
  }

  async #refresh(records: readonly EmailRecord[], options: RefreshOptions): Promise<StoredKeys> {
    const found = await this.#storedRecords(records, options);
    const outdated = found.filter(({ update }) => update !== undefined);
    if (outdated.length > 0) await this.#rewrite(outdated, options);
    const { complete = [], rebuilt = [] } = Object.groupBy(
      found,
      ({ isRebuilt }) => isRebuilt ? "rebuilt" : "complete",
    );
    const keysOf = (records: readonly FoundRecord[]) => new Set(records.map(({ key }) => key));
    return { complete: keysOf(complete), rebuilt: keysOf(rebuilt) };
  }

  async #storedRecords(
    records: readonly EmailRecord[],
    options: RefreshOptions,
  ): Promise<readonly FoundRecord[]> {
    const byDay = Map.groupBy(records, ({ timestamp }) => dayFolderOf(this.#mailbox, timestamp));
    const ask = (folder: string, inner: CallOptions) => this.#store.mayHold(folder, inner);
    const folders = [...byDay.keys()];
    const present = await mapWithin(this.#reads, folders, ask, options);
    const candidates = folders.flatMap((folder, i) => present[i] ? byDay.get(folder) ?? [] : []);
    const look = (record: EmailRecord, inner: CallOptions) =>
      this.#storedRecord(record, { ...options, ...inner });
    const found = await mapWithin(this.#reads, candidates, look, options);
    return found.filter((stored) => stored !== undefined);
  }

  async #storedRecord(
    record: EmailRecord,
    { signal, volatileSince, rewrite }: RefreshOptions,
  ): Promise<FoundRecord | undefined> {
    const { key, metadata: { receivedAt } } = record;
    const name = emailObjectNamesOf(this.#mailbox, record).record;
    const bytesMax = LIMITS.emailRecordBytesMax;
    const bytes = await this.#store.read(name, { signal, bytesMax });
    if (!bytes) return undefined;
    const text = decoder.decode(bytes);
    const stored = decodeStoredRecord(text);
    if (!stored) return undefined;
    const isVolatile = receivedAt !== undefined && receivedAt >= volatileSince;
    if (isVolatile && isContentChanged(stored, record)) return undefined;
    const found = { key, name, isRebuilt: stored.content.rebuilt ?? false };
    if (rewrite === "never" || rewrite === "moved" && !isMoved(stored, record)) return found;
    const update = encodeEmailJson(record, stored.content);
    return update === text ? found : { ...found, update };
  }

  async #rewrite(outdated: readonly FoundRecord[], options: CallOptions): Promise<void> {
    await using batch = this.#store.batch(dataFolderOf(this.#mailbox));
    const stage = ({ name, update = "" }: FoundRecord, inner: CallOptions) =>
      batch.stage([{ name, content: () => [encoder.encode(update)] }], inner);
    await mapWithin(this.#uploads, outdated, stage, options);
    await batch.publish(options);
  }
}

/** Whether an email lies in another folder than when it was stored. */
function isMoved({ folder }: StoredRecord, { metadata }: EmailRecord): boolean {
  return JSON.stringify(folder) !== JSON.stringify(metadata.folder);
}
