import { createHash } from "node:crypto";
import type { EmailRecord, RawEmail } from "../../../core/email.ts";
import type { CallOptions } from "../../../core/env.ts";
import { SyncError } from "../../../core/errors.ts";
import type { Mailbox } from "../../../core/mailbox.ts";
import type { MailboxSink, PutOutcome, Sink } from "../../../core/ports.ts";

/** What came of one email. */
export interface Recorded extends EmailRecord {
  readonly rebuilt?: boolean;
  /** SHA-256 of its content, lower-case hex. */
  readonly sha256: string;
}

/** A sink that reads all it is given, to see what arrived, and fails on command. */
export class RecordingSink implements Sink {
  /** By mailbox and key. */
  readonly emails = new Map<string, Recorded>();
  /** Ids in each call of `put`, in the order of the calls. */
  readonly puts: (readonly string[])[] = [];
  /** Asked before each email is stored; what it returns is the email's outcome or, unless of kind `item`, thrown. */
  fault: (email: RawEmail) => SyncError | undefined = () => undefined;
  /** Waited for before a call of `put` does anything. */
  before: (emails: readonly RawEmail[], options: CallOptions) => Promise<void> = () =>
    Promise.resolve();
  /** Thrown by `open`. */
  closed: (mailbox: Mailbox) => SyncError | undefined = () => undefined;
  inFlight = 0;
  inFlightMax = 0;

  probe(): Promise<void> {
    return Promise.resolve();
  }

  open(mailbox: Mailbox): Promise<MailboxSink> {
    const error = this.closed(mailbox);
    if (error) return Promise.reject(error);
    return Promise.resolve({
      refresh: () => Promise.resolve({ complete: new Set<string>(), rebuilt: new Set<string>() }),
      keys: () => (async function* () {})(),
      put: (emails, options) => this.#put(emails, options),
    });
  }

  async #put(emails: readonly RawEmail[], options: CallOptions): Promise<readonly PutOutcome[]> {
    this.puts.push(emails.map(({ id }) => id));
    this.inFlightMax = Math.max(this.inFlightMax, ++this.inFlight);
    try {
      await this.before(emails, options);
      options.signal.throwIfAborted();
      const outcomes: PutOutcome[] = [];
      for (const email of emails) outcomes.push(await this.#store(email, options));
      return outcomes;
    } finally {
      this.inFlight--;
    }
  }

  async #store(email: RawEmail, { signal }: CallOptions): Promise<PutOutcome> {
    const { mime, ...record } = email;
    const { key, mailbox } = record;
    const error = this.fault(email);
    if (error && error.kind !== "item") throw error;
    if (error) return { key, stored: false, error };
    const hash = createHash("sha256");
    let sizeBytes = 0;
    try {
      for await (const chunk of mime.open(signal)) {
        hash.update(chunk);
        sizeBytes += chunk.byteLength;
      }
    } catch (thrown) {
      signal.throwIfAborted();
      if (thrown instanceof SyncError) return { key, stored: false, error: thrown };
      throw thrown;
    }
    this.emails.set(`${mailbox.address} ${key}`, { ...record, sha256: hash.digest("hex") });
    return { key, stored: true, sizeBytes };
  }
}
