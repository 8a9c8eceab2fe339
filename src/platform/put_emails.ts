import type { RawEmail } from "../core/email.ts";
import type { CallOptions } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import type { BucketName } from "../core/mailbox.ts";
import { mimeChunks, type MimeContent } from "../core/mime_content.ts";
import type { PutOutcome } from "../core/ports.ts";
import { fullNameOf, jsonBody } from "./buckets.ts";
import { type EmailAsText, EmailBroke, EmailsBody } from "./emails_body.ts";
import type { PlatformCall, PlatformClient, SendOptions } from "./platform_client.ts";
import type { PlatformCounts } from "./platform_counts.ts";
import { PLATFORM_LIMITS } from "./platform_limits.ts";
import { emailsUrl } from "./platform_paths.ts";
import { NotUtf8, Utf8Check } from "./utf8_check.ts";

export interface EmailUploadOptions {
  readonly client: PlatformClient;
  /** Emails of one PUT at most: `reinfer_batch_size`. */
  readonly batchSize: number;
  readonly counts: PlatformCounts;
}

/**
 * Failures of the destination that may be due to what was sent: a server or a proxy that cuts a
 * request because it is too large, or a platform that does not get over one email.
 */
export const SUSPICIOUS_CODES: ReadonlySet<string> = new Set([
  "ConnectionReset",
  "ConnectionClosed",
  "ConnectionFailed",
  "ResponseCutShort",
  "PlatformTimeout",
  "PlatformHttp409",
  "PlatformHttp500",
]);

/** Emails into buckets by `PUT …/emails`, in batches by count and bytes. */
export class EmailUpload {
  readonly #options: EmailUploadOptions;
  /** A 413 lowers it: the server's own limit is not documented. */
  #bytesMax: number = PLATFORM_LIMITS.batchBytesMax;
  /** The bucket for which emails were not taken last, for a reason that is not theirs. */
  #failing: BucketName | undefined;
  /** Emails stored so far. */
  #stored = 0;
  /** Ids of emails with which a request failed, and how many were stored by then. */
  readonly #failedOnce = new Map<string, number>();

  constructor(options: EmailUploadOptions) {
    this.#options = options;
  }

  /** Divides emails into batches, in order. What is not held in memory goes alone. */
  batchesOf(emails: readonly RawEmail[]): readonly (readonly RawEmail[])[] {
    const batches: RawEmail[][] = [];
    let bytes = 0;
    for (const email of emails) {
      const size = email.mime.sizeBytes ?? Infinity;
      const last = batches.at(-1);
      const fits = last && last.length < this.#options.batchSize && bytes + size <= this.#bytesMax;
      if (fits) last.push(email);
      else batches.push([email]);
      bytes = (fits ? bytes : 0) + size;
    }
    return batches;
  }

  /**
   * Stores a batch; where the platform refuses it, down to the email that is at fault. Rejects as
   * `MailboxSink.put` does.
   */
  async put(
    bucket: BucketName,
    batch: readonly RawEmail[],
    options: CallOptions,
  ): Promise<readonly PutOutcome[]> {
    const asText: EmailAsText[] = [];
    for (const email of batch) {
      const isUtf8 = email.mime.sizeBytes === undefined || await isHeldUtf8(email.mime, options);
      if (!isUtf8) this.#options.counts.reencoded++;
      asText.push({ email, form: isUtf8 ? "asItIs" : "ascii" });
    }
    return await this.#deliver(bucket, asText, options);
  }

  /**
   * Whether emails are taken again where a request with some has failed as a whole: a platform that
   * shows its buckets may not. Sends a request without any. Rejects with the failure if it lasts.
   */
  async probe(options: SendOptions): Promise<void> {
    const bucket = this.#failing;
    if (!bucket) return;
    try {
      await this.#options.client.send({
        ...this.#callTo(bucket),
        body: () => jsonBody({ emails: [] }),
      }, options);
    } catch (thrown) {
      // A refusal is an answer, and a bucket of its own accord fails its mailboxes.
      const isAnswered = thrown instanceof SyncError &&
        (thrown.kind === "item" || thrown.kind === "mailbox");
      if (!isAnswered) throw thrown;
    }
    this.#failing = undefined;
  }

  async #deliver(
    bucket: BucketName,
    batch: readonly EmailAsText[],
    options: CallOptions,
  ): Promise<readonly PutOutcome[]> {
    const [first, ...others] = batch;
    if (!first) return [];
    try {
      return await this.#send(bucket, batch, options);
    } catch (thrown) {
      options.signal.throwIfAborted();
      if (thrown instanceof EmailBroke) return await this.#without(thrown, bucket, batch, options);
      if (!(thrown instanceof SyncError)) throw thrown;
      if (others.length === 0) return [this.#refusalOf(first, thrown)];
      if (thrown.code === "PlatformTooLarge") this.#takeLess(batch);
      if (thrown.kind !== "item" && !SUSPICIOUS_CODES.has(thrown.code)) throw thrown;
      return await this.#halves(bucket, batch, options);
    }
  }

  /**
   * Both halves are tried even if one fails as a whole: it tells what the failure is about. Not so
   * while the platform takes nothing at all, for then each email would wait until its time is up.
   */
  async #halves(
    bucket: BucketName,
    batch: readonly EmailAsText[],
    options: CallOptions,
  ): Promise<readonly PutOutcome[]> {
    const half = Math.ceil(batch.length / 2);
    const halves = [batch.slice(0, half), batch.slice(half)];
    const outcomes: PutOutcome[] = [];
    const failures: unknown[] = [];
    for (const one of halves) {
      await this.probe(options);
      try {
        outcomes.push(...await this.#deliver(bucket, one, options));
      } catch (thrown) {
        if (!(thrown instanceof SyncError) || !SUSPICIOUS_CODES.has(thrown.code)) throw thrown;
        failures.push(thrown);
      }
    }
    if (failures.length > 0) throw failures[0];
    return outcomes;
  }

  /**
   * The outcome of a single email that is refused. A failure that names no email is one of the
   * destination, unless it meets one email again and again while others are stored: then it would
   * hold them all up for ever.
   *
   * @throws SyncError the failure of a larger radius.
   */
  #refusalOf({ email: { id, key } }: EmailAsText, error: SyncError): PutOutcome {
    if (error.kind === "item") return { key, stored: false, error };
    if (error.kind !== "destination" || !SUSPICIOUS_CODES.has(error.code)) throw error;
    const storedBefore = this.#failedOnce.get(id);
    if (storedBefore === undefined || this.#stored === storedBefore) {
      if (this.#failedOnce.size >= PLATFORM_LIMITS.suspectsMax) this.#failedOnce.clear();
      if (storedBefore === undefined) this.#failedOnce.set(id, this.#stored);
      throw error;
    }
    const message = `The platform fails on this email while it takes others: ${error.message}`;
    const refusal = new SyncError("item", "PlatformFailsOnEmail", message, {
      hint: "Look at the email, and at what limits requests between here and the platform",
      context: error.context,
      cause: error,
    });
    return { key, stored: false, error: refusal };
  }

  /** What is left of a batch after the content of one of its emails broke off. */
  async #without(
    { index, thrown }: EmailBroke,
    bucket: BucketName,
    batch: readonly EmailAsText[],
    options: CallOptions,
  ): Promise<readonly PutOutcome[]> {
    const broken = batch[index]!;
    if (thrown instanceof NotUtf8 && broken.form === "asItIs") {
      this.#options.counts.reencoded++;
      return await this.#deliver(bucket, batch.with(index, { ...broken, form: "ascii" }), options);
    }
    if (!(thrown instanceof SyncError)) throw thrown;
    return [
      ...await this.#deliver(bucket, batch.slice(0, index), options),
      { key: broken.email.key, stored: false, error: thrown },
      ...await this.#deliver(bucket, batch.slice(index + 1), options),
    ];
  }

  async #send(
    bucket: BucketName,
    batch: readonly EmailAsText[],
    { signal }: CallOptions,
  ): Promise<readonly PutOutcome[]> {
    let body: EmailsBody | undefined;
    await this.#noting(bucket, {
      ...this.#callTo(bucket),
      emailIds: batch.map(({ email }) => email.id),
      body: (attempt) => {
        const content = body = new EmailsBody(batch, attempt);
        return { contentType: "application/json", content, broke: () => content.broke };
      },
    }, { signal, ...(batch.length > 1 ? { attemptsMax: attemptsOfBatch } : {}) });
    this.#stored += batch.length;
    const facts = body?.facts ?? [];
    return batch.map(({ email: { key } }, at) => {
      return { key, stored: true, sizeBytes: facts[at]?.sizeBytes ?? 0 };
    });
  }

  /** Sends, and notes whether emails are taken at all. */
  async #noting(bucket: BucketName, call: PlatformCall, options: SendOptions): Promise<void> {
    try {
      await this.#options.client.send(call, options);
      this.#failing = undefined;
    } catch (thrown) {
      if (thrown instanceof SyncError && thrown.kind === "destination") this.#failing = bucket;
      throw thrown;
    }
  }

  #callTo(bucket: BucketName): PlatformCall {
    const { endpoint } = this.#options.client;
    const url = emailsUrl(endpoint, bucket);
    return { operation: "PutEmails", about: fullNameOf(bucket), method: "PUT", url };
  }

  #takeLess(batch: readonly EmailAsText[]): void {
    const bytes = batch.reduce((sum, { email: { mime } }) => sum + (mime.sizeBytes ?? 0), 0);
    const less = Math.max(PLATFORM_LIMITS.batchBytesMin, Math.floor(bytes / 2));
    this.#bytesMax = Math.min(this.#bytesMax, less);
  }
}

function attemptsOfBatch({ code }: SyncError): number {
  return SUSPICIOUS_CODES.has(code) ? PLATFORM_LIMITS.suspiciousFailuresMax : Infinity;
}

/**
 * Looks at content in memory before anything of it is sent. Content that flows from the source is
 * sent as if it were UTF-8, as nearly all is, and begun anew where it turns out not to be: to look
 * first would fetch every large email twice.
 */
async function isHeldUtf8(mime: MimeContent, { signal }: CallOptions): Promise<boolean> {
  const check = new Utf8Check();
  try {
    for await (const chunk of mimeChunks(mime, signal)) check.check(chunk);
    check.finish();
    return true;
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown instanceof NotUtf8) return false;
    // Content that breaks off does so again when it is sent, and is settled there.
    if (thrown instanceof SyncError) return true;
    throw thrown;
  }
}
