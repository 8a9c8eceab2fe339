import type { EmailRecord, RawEmail } from "../core/email.ts";
import type { CallOptions, Env } from "../core/env.ts";
import { assert, SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { MailboxSink, PutOutcome, Sink } from "../core/ports.ts";
import { Semaphore } from "../core/semaphore.ts";
import { decodeStoredContent, encodeEmailJson } from "./email_json.ts";
import { KeyedQueue } from "./keyed_queue.ts";
import { dataFolderOf, dayFolderOf, emailObjectNamesOf, probeNameOf } from "./layout.ts";
import { mapWithin } from "./map_within.ts";
import { MeasuredContent } from "./measured_content.ts";
import type { ObjectBatch, ObjectStore } from "./object_store.ts";

export interface ObjectSinkOptions {
  readonly store: ObjectStore;
  /** Bounds the emails being written at one time, whole process: `max_concurrent_uploads`. */
  readonly uploads: Semaphore;
  readonly env: Pick<Env, "entropy">;
}

/** Emails as two objects each, MIME content and record, in any object store (spec section 5). */
export class ObjectSink implements Sink {
  readonly #options: ObjectSinkOptions;
  readonly #reads = new Semaphore(LIMITS.fileCallsInFlight);
  /** Other processes may probe the store too; our own next probe clears what a failed one left. */
  readonly #probeName: string;
  readonly #queue = new KeyedQueue();

  constructor(options: ObjectSinkOptions) {
    this.#options = options;
    this.#probeName = probeNameOf(options.env.entropy.next());
  }

  async probe(options: CallOptions): Promise<void> {
    const name = this.#probeName;
    await this.#queue.run([name], () => this.#probe(name, options), options);
  }

  open(mailbox: Mailbox): Promise<MailboxSink> {
    const shared = { ...this.#options, reads: this.#reads, queue: this.#queue };
    return Promise.resolve(new ObjectMailboxSink(mailbox, shared));
  }

  async #probe(name: string, options: CallOptions): Promise<void> {
    const { store } = this.#options;
    const content = encoder.encode("probe\n");
    await store.replace(name, content, options);
    const found = await store.read(name, { ...options, bytesMax: content.byteLength });
    await store.remove(name, options);
    if (!found || decoder.decode(found) !== decoder.decode(content)) {
      throw new SyncError("destination", "ProbeMismatch", `Object "${name}" reads not as written`, {
        hint: "Check the storage for caches or other programs between writes and reads",
      });
    }
  }
}

const encoder = new TextEncoder();
/** A byte order mark is content: it must not compare equal to its absence. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** What `refresh` found under one key. */
interface StoredRecord {
  readonly key: string;
  readonly name: string;
  /** The record as it should be; absent if it is that already. */
  readonly update?: string;
}

interface MailboxSinkOptions extends ObjectSinkOptions {
  readonly reads: Semaphore;
  readonly queue: KeyedQueue;
}

class ObjectMailboxSink implements MailboxSink {
  readonly #mailbox: Mailbox;
  readonly #store: ObjectStore;
  readonly #uploads: Semaphore;
  readonly #reads: Semaphore;
  readonly #queue: KeyedQueue;

  constructor(mailbox: Mailbox, { store, uploads, reads, queue }: MailboxSinkOptions) {
    this.#mailbox = mailbox;
    this.#store = store;
    this.#uploads = uploads;
    this.#reads = reads;
    this.#queue = queue;
  }

  async refresh(
    records: readonly EmailRecord[],
    options: CallOptions,
  ): Promise<ReadonlySet<string>> {
    const latest = new Map(records.map((record) => [record.key, record]));
    const refreshed = () => this.#refresh([...latest.values()], options);
    return await this.#inTurn(latest.keys(), refreshed, options);
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
    const { key } = email;
    const names = emailObjectNamesOf(this.#mailbox, email);
    const mime = new MeasuredContent(email.mime, options.signal);
    const record = () => [encoder.encode(encodeEmailJson(email, mime.facts))];
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

  async #refresh(
    records: readonly EmailRecord[],
    options: CallOptions,
  ): Promise<ReadonlySet<string>> {
    const found = await this.#storedRecords(records, options);
    const outdated = found.filter(({ update }) => update !== undefined);
    if (outdated.length > 0) await this.#rewrite(outdated, options);
    return new Set(found.map(({ key }) => key));
  }

  async #storedRecords(
    records: readonly EmailRecord[],
    options: CallOptions,
  ): Promise<readonly StoredRecord[]> {
    const byDay = Map.groupBy(records, ({ timestamp }) => dayFolderOf(this.#mailbox, timestamp));
    const ask = (folder: string, inner: CallOptions) => this.#store.mayHold(folder, inner);
    const folders = [...byDay.keys()];
    const present = await mapWithin(this.#reads, folders, ask, options);
    const candidates = folders.flatMap((folder, i) => present[i] ? byDay.get(folder) ?? [] : []);
    const look = (record: EmailRecord, inner: CallOptions) => this.#storedRecord(record, inner);
    const found = await mapWithin(this.#reads, candidates, look, options);
    return found.filter((stored) => stored !== undefined);
  }

  async #storedRecord(
    record: EmailRecord,
    options: CallOptions,
  ): Promise<StoredRecord | undefined> {
    const { key } = record;
    const name = emailObjectNamesOf(this.#mailbox, record).record;
    const bytesMax = LIMITS.emailRecordBytesMax;
    const bytes = await this.#store.read(name, { ...options, bytesMax });
    if (!bytes) return undefined;
    const text = decoder.decode(bytes);
    const content = decodeStoredContent(text);
    if (!content) return undefined;
    const update = encodeEmailJson(record, content);
    return update === text ? { key, name } : { key, name, update };
  }

  async #rewrite(outdated: readonly StoredRecord[], options: CallOptions): Promise<void> {
    await using batch = this.#store.batch(dataFolderOf(this.#mailbox));
    const stage = ({ name, update = "" }: StoredRecord, inner: CallOptions) =>
      batch.stage([{ name, content: () => [encoder.encode(update)] }], inner);
    await mapWithin(this.#uploads, outdated, stage, options);
    await batch.publish(options);
  }
}
