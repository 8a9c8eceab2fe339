import type { CallOptions } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import type { BucketName, Mailbox } from "../core/mailbox.ts";
import type { MailboxSink, Sink } from "../core/ports.ts";
import type { KeyedStates } from "./keyed_states.ts";
import type { SendOptions } from "./platform_client.ts";
import { PlatformMailboxSink, type SharedSinkOptions } from "./platform_mailbox_sink.ts";

export interface PlatformSinkOptions extends SharedSinkOptions {
  /** Buckets of the configured mailboxes; the first that can be used serves for probing. */
  readonly probed: readonly BucketName[];
  readonly states: KeyedStates;
  /** `upload_attachments` of a mailbox. */
  readonly uploadsAttachments: (mailbox: Mailbox) => boolean;
}

/** Emails into buckets of the platform (spec section 5). */
export class PlatformSink implements Sink {
  readonly #options: PlatformSinkOptions;
  /** Then whoever probes has pauses of its own; a start must not fail for one lost packet. */
  #hasWorked = false;

  constructor(options: PlatformSinkOptions) {
    this.#options = options;
  }

  /**
   * Reads a bucket, and writes, reads and deletes a sync state of its own; never an email. Where
   * emails were not taken before, a request without any must be taken now. A bucket
   * that fails for its own reasons fails its mailboxes; the destination fails when every one does.
   */
  async probe(options: CallOptions): Promise<void> {
    let first: SyncError | undefined;
    for (const bucket of this.#options.probed) {
      try {
        return await this.#probe(bucket, options);
      } catch (thrown) {
        options.signal.throwIfAborted();
        if (!(thrown instanceof SyncError) || thrown.kind !== "mailbox") {
          throw asDestination(thrown);
        }
        first ??= thrown;
      }
    }
    if (first) throw first.as("destination");
  }

  /** Rejects with kind `mailbox` if the bucket cannot be used. */
  async open(mailbox: Mailbox, options: CallOptions): Promise<MailboxSink> {
    const { buckets, uploadsAttachments } = this.#options;
    await buckets.idOf(mailbox.bucket, options);
    const shared = { ...this.#options, uploadsAttachments: uploadsAttachments(mailbox) };
    return new PlatformMailboxSink(mailbox, shared);
  }

  async #probe(bucket: BucketName, { signal }: CallOptions): Promise<void> {
    const { buckets, states, emails } = this.#options;
    const options: SendOptions = this.#hasWorked ? { signal, once: true } : { signal };
    const id = await buckets.read(bucket, options);
    await states.probe({ bucket, id }, options);
    await emails.probe(options);
    this.#hasWorked = true;
  }
}

function asDestination(thrown: unknown): unknown {
  const isPassing = thrown instanceof SyncError && thrown.kind === "retryable";
  return isPassing ? thrown.as("destination") : thrown;
}
