import { createHash, type Hash } from "node:crypto";
import type { RawEmail } from "../core/email.ts";
import type { CallOptions, Env } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { retry } from "../core/retry.ts";
import { MeasuredContent } from "../storage/measured_content.ts";
import { AttachmentMatcher } from "./attachment_matcher.ts";
import { type Buckets, fullNameOf } from "./buckets.ts";
import { storableText } from "./email_wire.ts";
import { gathered } from "./gathered.ts";
import { mimeLeavesOf } from "./mime_leaves.ts";
import type { PlatformClient } from "./platform_client.ts";
import type { PlatformCounts } from "./platform_counts.ts";
import { PLATFORM_LIMITS } from "./platform_limits.ts";
import { attachmentUrl } from "./platform_paths.ts";
import { SUSPICIOUS_CODES } from "./put_emails.ts";

export interface AttachmentUploadOptions {
  readonly buckets: Buckets;
  readonly client: PlatformClient;
  readonly counts: PlatformCounts;
  readonly env: Env;
}

/** Attachments of one email, by their numbers in its list. */
interface UploadProgress {
  /** Uploaded, or given up. */
  readonly done: Set<number>;
  /** Begun last. */
  inWork?: number;
}

/** The source broke off while an attachment was read out of it. */
class SourceBroke extends Error {
  override readonly name = "SourceBroke";
}

/** Statuses by which one attachment, and not the email or the bucket, is refused. */
const OF_ATTACHMENT = new Set([
  "PlatformTooLarge",
  "PlatformEmailRefused",
  "PlatformBucketMissing",
  "PlatformPathUnknown",
]);

/** Contents of attachments (`upload_attachments: true`), taken out of the MIME content as it flows. */
export class AttachmentUpload {
  readonly #options: AttachmentUploadOptions;
  readonly #said = new Set<string>();

  constructor(options: AttachmentUploadOptions) {
    this.#options = options;
  }

  /**
   * Uploads the attachments of an email that is stored. Resolves to the error of its source if that
   * broke off, for then the email is to be delivered again. An attachment that the platform refuses
   * is counted and said, and holds up nothing. Rejects as `MailboxSink.put` does.
   */
  async upload(
    email: RawEmail,
    bucketId: string,
    { signal }: CallOptions,
  ): Promise<SyncError | undefined> {
    if (email.attachments.length === 0) return undefined;
    const { env } = this.#options;
    const progress: UploadProgress = { done: new Set() };
    for (;;) {
      try {
        // What was uploaded in part begins anew with the content.
        await retry(() => this.#pass(email, bucketId, progress, { signal }), {
          env,
          signal,
          budgetMs: PLATFORM_LIMITS.retryBudgetMs,
        });
        return undefined;
      } catch (thrown) {
        if (thrown instanceof SourceBroke && thrown.cause instanceof SyncError) return thrown.cause;
        if (thrown instanceof SourceBroke) throw thrown.cause;
        if (!(thrown instanceof SyncError) || thrown.kind !== "retryable") throw thrown;
        await this.#giveUp(email, progress, thrown, { signal });
      }
    }
  }

  /**
   * Passes over the attachment that was in work: one with which a platform fails that answers
   * otherwise would hold up every mailbox for ever.
   *
   * @throws SyncError the failure of the destination, if it is that.
   */
  async #giveUp(
    email: RawEmail,
    { done, inWork }: UploadProgress,
    error: SyncError,
    { signal }: CallOptions,
  ): Promise<void> {
    if (inWork === undefined || !SUSPICIOUS_CODES.has(error.code)) throw error.as("destination");
    try {
      await this.#options.buckets.read(email.mailbox.bucket, { signal, once: true });
    } catch (thrown) {
      signal.throwIfAborted();
      throw thrown instanceof SyncError ? error.as("destination") : thrown;
    }
    done.add(inWork);
    this.#missing(email, "Platform fails on an attachment while it answers otherwise.", error);
  }

  /** One go over the content; those that are done are passed over. */
  async #pass(
    email: RawEmail,
    bucketId: string,
    progress: UploadProgress,
    { signal }: CallOptions,
  ): Promise<void> {
    const { done } = progress;
    const matcher = new AttachmentMatcher(email.attachments);
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    try {
      const mime = ofSource(new MeasuredContent(email.mime, either), signal);
      for await (const { part, content } of mimeLeavesOf(mime)) {
        const index = matcher.take(part);
        if (index === undefined || done.has(index)) continue;
        progress.inWork = index;
        await this.#put(email, bucketId, index, content, { signal });
        done.add(index);
      }
    } finally {
      over.abort();
    }
    for (const _index of matcher.unmatched) {
      this.#missing(
        email,
        "Content of an attachment is not in its email; only what is said of it is stored.",
      );
    }
  }

  async #put(
    email: RawEmail,
    bucketId: string,
    index: number,
    content: AsyncIterable<Uint8Array>,
    { signal }: CallOptions,
  ): Promise<void> {
    const { client, counts } = this.#options;
    const file = new FileBody(content, this.#boundary());
    try {
      const answer = await client.send({
        operation: "PutAttachment",
        about: fullNameOf(email.mailbox.bucket),
        method: "PUT",
        url: attachmentUrl(client.endpoint, bucketId, storableText(email.id), index),
        emailIds: [email.id],
        body: () => ({ contentType: file.contentType, content: file, broke: () => file.broke }),
      }, { signal, once: true });
      counts.attachmentsUploaded++;
      this.#checkHash(email, answer, file);
    } catch (thrown) {
      signal.throwIfAborted();
      if (!(thrown instanceof SyncError) || !OF_ATTACHMENT.has(thrown.code)) throw thrown;
      this.#missing(email, "Platform does not take an attachment.", thrown);
    }
  }

  #missing({ mailbox }: RawEmail, msg: string, error?: SyncError): void {
    this.#options.counts.attachmentsMissing++;
    const name = `${mailbox.address}\n${msg}`;
    if (this.#said.has(name)) return;
    this.#said.add(name);
    this.#options.env.log.warn(msg, {
      mailbox: mailbox.address,
      code: error?.code,
      reason: error?.message,
      note: "said once; see the counters",
    });
  }

  /** Only a hash of a kind that we know can differ. */
  #checkHash(email: RawEmail, answer: unknown, file: FileBody): void {
    const { content_hash: hash } = answer as { readonly content_hash?: unknown };
    if (typeof hash !== "string" || file.agreesWith(hash)) return;
    this.#missing(email, "Platform names another hash for an attachment than that of its content.");
  }

  /** No content holds it: it is drawn when the content is there already. */
  #boundary(): string {
    const { entropy } = this.#options.env;
    const digits = Array.from(
      { length: 4 },
      () => Math.floor(entropy.next() * 2 ** 32).toString(36),
    );
    return `reinfer-ews-${digits.join("-")}`;
  }
}

/** A file as `multipart/form-data` (RFC 7578) under the name `file`, hashed as it passes. */
class FileBody implements AsyncIterable<Uint8Array> {
  readonly contentType: string;
  readonly #content: AsyncIterable<Uint8Array>;
  readonly #boundary: string;
  readonly #hashes: ReadonlyMap<number, Hash> = new Map([
    [64, createHash("sha256")],
    [40, createHash("sha1")],
    [32, createHash("md5")],
  ]);
  #broke: SourceBroke | undefined;

  constructor(content: AsyncIterable<Uint8Array>, boundary: string) {
    this.#content = content;
    this.#boundary = boundary;
    this.contentType = `multipart/form-data; boundary=${boundary}`;
  }

  /** Why the body failed, if its source did. */
  get broke(): SourceBroke | undefined {
    return this.#broke;
  }

  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void> {
    return gathered(this.#bytes());
  }

  async *#bytes(): AsyncGenerator<Uint8Array, void> {
    yield encoder.encode(
      `--${this.#boundary}\r\n` +
        'Content-Disposition: form-data; name="file"; filename="attachment"\r\n' +
        "Content-Type: application/octet-stream\r\n\r\n",
    );
    try {
      for await (const bytes of this.#content) {
        for (const hash of this.#hashes.values()) hash.update(bytes);
        // A copy: what the source gives may be used again before it goes out.
        if (bytes.length > 0) yield bytes.slice();
      }
    } catch (thrown) {
      if (thrown instanceof SourceBroke) this.#broke = thrown;
      throw thrown;
    }
    yield encoder.encode(`\r\n--${this.#boundary}--\r\n`);
  }

  /** Whether a hash in hex is one of the content, or of a kind that is not known here. */
  agreesWith(hexHash: string): boolean {
    const hash = /^[0-9a-f]+$/i.test(hexHash) ? this.#hashes.get(hexHash.length) : undefined;
    return !hash || hash.copy().digest("hex") === hexHash.toLowerCase();
  }
}

const encoder = new TextEncoder();

/** Content whose failures are told apart from those of the platform. */
async function* ofSource(
  content: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* content;
  } catch (thrown) {
    signal.throwIfAborted();
    throw new SourceBroke("The content of an email broke off", { cause: thrown });
  }
}
