import type { EmailRecord, RawEmail } from "../core/email.ts";
import type { CallOptions, Env } from "../core/env.ts";
import { assert, SyncError } from "../core/errors.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { MailboxSink, PutOutcome, RefreshOptions, StoredKeys } from "../core/ports.ts";
import type { Semaphore } from "../core/semaphore.ts";
import type { KeyedQueue } from "../storage/keyed_queue.ts";
import { mapWithin } from "../storage/map_within.ts";
import type { AttachmentUpload } from "./attachment_upload.ts";
import { type Buckets, fullNameOf } from "./buckets.ts";
import { type DeliveredEmail, type DeliveredEmails, digestsOf } from "./delivered_emails.ts";
import { storableText } from "./email_wire.ts";
import type { PlatformClient } from "./platform_client.ts";
import type { PlatformCounts } from "./platform_counts.ts";
import type { EmailUpload } from "./put_emails.ts";
import { isOriginalStored } from "./stored_email.ts";

/** What the sinks of all mailboxes share. */
export interface SharedSinkOptions {
  readonly client: PlatformClient;
  readonly buckets: Buckets;
  readonly emails: EmailUpload;
  readonly attachments: AttachmentUpload;
  readonly delivered: DeliveredEmails;
  /** Bounds the requests with emails at one time, whole process: `max_concurrent_uploads`. */
  readonly uploads: Semaphore;
  /** Deliveries under one id of a bucket wait for each other. */
  readonly queue: KeyedQueue;
  readonly counts: PlatformCounts;
  readonly env: Env;
}

export interface PlatformMailboxSinkOptions extends SharedSinkOptions {
  /** Whether contents of attachments are uploaded, too. */
  readonly uploadsAttachments: boolean;
}

/** Emails of one mailbox in its bucket. */
export class PlatformMailboxSink implements MailboxSink {
  readonly #mailbox: Mailbox;
  readonly #options: PlatformMailboxSinkOptions;
  #hasSaidSharedIds = false;

  constructor(mailbox: Mailbox, options: PlatformMailboxSinkOptions) {
    this.#mailbox = mailbox;
    this.#options = options;
  }

  /**
   * What this process delivered and remembers counts as stored while nothing of it is new. All else
   * must be delivered, with its content: the platform can neither be asked cheaply what it stores
   * nor be told metadata alone.
   */
  refresh(records: readonly EmailRecord[], options: RefreshOptions): Promise<StoredKeys> {
    if (options.signal.aborted) return Promise.reject(options.signal.reason);
    const [complete, rebuilt] = [new Set<string>(), new Set<string>()];
    for (const record of records) {
      const known = this.#options.delivered.of(this.#mailbox, record);
      if (!known || !isUpToDate(known, record, options)) continue;
      (known.rebuilt ? rebuilt : complete).add(record.key);
    }
    return Promise.resolve({ complete, rebuilt });
  }

  /**
   * Not to be had: keys are made of the id and Exchange's search key, which the platform does not
   * keep. Rejects with kind `mailbox` and code `PlatformKeysUnknown`.
   */
  async *keys({ signal }: CallOptions): AsyncGenerator<string, void> {
    signal.throwIfAborted();
    yield* await Promise.reject<readonly string[]>(keysUnknown(this.#mailbox));
  }

  async put(emails: readonly RawEmail[], options: CallOptions): Promise<readonly PutOutcome[]> {
    options.signal.throwIfAborted();
    const keys = new Set(emails.map(({ key }) => key));
    assert(keys.size === emails.length, "the keys of one delivery are distinct");
    const name = fullNameOf(this.#mailbox.bucket);
    const ids = emails.map(({ id }) => `${name}\n${storableText(id)}`);
    return await this.#options.queue.run(ids, () => this.#put(emails, options), options);
  }

  async #put(emails: readonly RawEmail[], options: CallOptions): Promise<readonly PutOutcome[]> {
    const { uploads, emails: upload } = this.#options;
    const outcomes = new Map<string, PutOutcome>();
    const deliver = async (batch: readonly RawEmail[], inner: CallOptions) => {
      for (const outcome of await this.#deliver(batch, inner)) outcomes.set(outcome.key, outcome);
    };
    const wanted = await this.#withoutStandIns(emails, outcomes, options);
    for (const wave of wavesOf(wanted)) {
      await mapWithin(uploads, upload.batchesOf(wave), deliver, options);
    }
    return emails.map(({ key }) => outcomes.get(key)!);
  }

  /** A stand-in never takes the place of the original. */
  async #withoutStandIns(
    emails: readonly RawEmail[],
    outcomes: Map<string, PutOutcome>,
    options: CallOptions,
  ): Promise<readonly RawEmail[]> {
    const wanted: RawEmail[] = [];
    const { client } = this.#options;
    for (const email of emails) {
      const { key, id, rebuilt, mailbox } = email;
      const isStandIn = rebuilt && await isOriginalStored(client, mailbox.bucket, id, options);
      if (isStandIn) outcomes.set(key, { key, stored: true, sizeBytes: 0 });
      else wanted.push(email);
    }
    return wanted;
  }

  async #deliver(
    batch: readonly RawEmail[],
    options: CallOptions,
  ): Promise<readonly PutOutcome[]> {
    const { emails, buckets } = this.#options;
    const { bucket } = this.#mailbox;
    try {
      const outcomes: PutOutcome[] = [];
      // One after the other: it is one upload that this batch has a place for.
      for (const [at, outcome] of (await emails.put(bucket, batch, options)).entries()) {
        outcomes.push(await this.#settle(batch[at]!, outcome, options));
      }
      return outcomes;
    } catch (thrown) {
      if (thrown instanceof SyncError && thrown.code === "PlatformBucketMissing") {
        buckets.forget(bucket);
      }
      throw thrown;
    }
  }

  async #settle(
    email: RawEmail,
    outcome: PutOutcome,
    options: CallOptions,
  ): Promise<PutOutcome> {
    if (!outcome.stored) return outcome;
    const { attachments, buckets, uploadsAttachments, delivered } = this.#options;
    if (uploadsAttachments && email.attachments.length > 0) {
      const bucketId = await buckets.idOf(this.#mailbox.bucket, options);
      const error = await attachments.upload(email, bucketId, options);
      if (error) return { key: outcome.key, stored: false, error };
    }
    if (delivered.note(this.#mailbox, email, email.rebuilt ?? false)) this.#saySharedId();
    return outcome;
  }

  #saySharedId(): void {
    const { counts, env } = this.#options;
    counts.sharedIds++;
    if (this.#hasSaidSharedIds) return;
    this.#hasSaidSharedIds = true;
    env.log.warn("Different emails carry one Message-ID; the platform keeps the last of them.", {
      mailbox: this.#mailbox.address,
      note: "said once; see the counters",
    });
  }
}

/** Groups of emails without an id twice, to be delivered one after the other: the last one wins. */
function wavesOf(emails: readonly RawEmail[]): readonly (readonly RawEmail[])[] {
  const waves: RawEmail[][] = [];
  const seen = new Map<string, number>();
  for (const email of emails) {
    const id = storableText(email.id);
    const wave = seen.get(id) ?? 0;
    seen.set(id, wave + 1);
    (waves[wave] ??= []).push(email);
  }
  return waves;
}

function keysUnknown({ address }: Mailbox): SyncError {
  const message = "The platform does not tell by which keys emails are stored";
  return new SyncError("mailbox", "PlatformKeysUnknown", message, {
    hint: "Compare with files or blobs, or deliver again what is in doubt: resync",
    context: { mailbox: address },
  });
}

/** Whether nothing of an email is new that was delivered as `known`. */
function isUpToDate(
  known: DeliveredEmail,
  record: EmailRecord,
  { volatileSince, rewrite }: RefreshOptions,
): boolean {
  const now = digestsOf(record);
  const { metadata: { receivedAt } } = record;
  const isVolatile = receivedAt !== undefined && receivedAt >= volatileSince;
  if (isVolatile && known.content !== now.content) return false;
  if (rewrite === "moved") return known.folder === now.folder;
  return rewrite === "never" || known.record === now.record;
}
