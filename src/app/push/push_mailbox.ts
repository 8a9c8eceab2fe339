import type { RawEmail } from "../../core/email.ts";
import type { CallOptions } from "../../core/env.ts";
import { assert, SyncError } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Mailbox } from "../../core/mailbox.ts";
import { mimeChunks } from "../../core/mime_content.ts";
import type { MailboxSink, PutOutcome } from "../../core/ports.ts";
import { Semaphore } from "../../core/semaphore.ts";
import { dataFolderOf } from "../../storage/layout.ts";
import { mapWithin } from "../../storage/map_within.ts";
import { type StoredEmail, StoredEmails } from "../../storage/stored_emails.ts";
import type { ReplayCounts } from "../../storage/stored_emails_progress.ts";
import { SkipGuard } from "../../sync/skip_guard.ts";
import { StopBegun, throwIfStopping } from "../../sync/stop.ts";
import { type PushBatch, pushBatchesOf } from "./push_batches.ts";
import { openPushJournal, type PushJournal } from "./push_journal.ts";
import { addReplayCounts, NOTHING_PUSHED, type PushTrouble, type PushWork } from "./push_work.ts";

/**
 * Delivers the stored emails of one mailbox, in their order, from where an earlier push of the same
 * scope stopped. Resolves when all of them are settled to what became of them, earlier pushes
 * included.
 *
 * @throws SyncError of any kind but `item`: the mailbox's own, the sink's or that of the place the
 *   emails are read from; `StopBegun` when a stop leaves emails unsettled. What is settled by then
 *   is kept as progress.
 */
export async function pushMailbox(work: PushWork, mailbox: Mailbox): Promise<ReplayCounts> {
  throwIfStopping(work.stop);
  const { store } = work.source;
  // A place given by mistake is left as it is, without a lock.
  if (!await store.mayHold(dataFolderOf(mailbox), { signal: work.stop.begun })) {
    return NOTHING_PUSHED;
  }
  await using journal = await openPushJournal(work, mailbox);
  if (journal.earlier.finished) return journal.earlier.counts;
  const sink = await work.sink?.open(mailbox, { signal: work.stop.begun });
  return await new MailboxPush(work, { mailbox, journal, sink }).run();
}

interface PushedMailbox {
  readonly mailbox: Mailbox;
  readonly journal: PushJournal;
  /** Absent: emails are only checked. */
  readonly sink: MailboxSink | undefined;
}

interface BatchInWork {
  readonly batch: PushBatch;
  readonly ended: Promise<BatchEnd>;
}

type BatchEnd =
  | { readonly outcomes: readonly EmailOutcome[] }
  | { readonly thrown: unknown };

interface EmailOutcome {
  readonly email: StoredEmail;
  readonly outcome: PutOutcome;
}

/** Batches are delivered side by side and settled in their order. */
class MailboxPush {
  readonly #work: PushWork;
  readonly #of: PushedMailbox;
  readonly #emails: StoredEmails;
  readonly #reads = new Semaphore(LIMITS.fileCallsInFlight);
  readonly #guard = new SkipGuard();
  readonly #inWork: BatchInWork[] = [];
  readonly #over = new AbortController();
  readonly #signal: AbortSignal;
  #counts: ReplayCounts;

  constructor(work: PushWork, of: PushedMailbox) {
    this.#work = work;
    this.#of = of;
    this.#emails = new StoredEmails(work.source, of.mailbox);
    this.#signal = AbortSignal.any([work.stop.aborted, this.#over.signal]);
    this.#counts = of.journal.earlier.counts;
  }

  async run(): Promise<ReplayCounts> {
    const { stop, batchSize, scope: { since } } = this.#work;
    const { journal } = this.#of;
    const { position: after } = journal.earlier;
    const found = this.#emails.walk({
      signal: this.#signal,
      ...(after === undefined ? {} : { after }),
      ...(since ? { since } : {}),
    });
    let isStopped = false;
    try {
      for await (const batch of pushBatchesOf(found, batchSize)) {
        while (!this.#hasRoomFor(batch)) await this.#settleOldest();
        isStopped = stop.begun.aborted;
        if (isStopped) break;
        this.#begin(batch);
      }
      while (this.#inWork.length > 0) await this.#settleOldest();
      if (isStopped) throw new StopBegun();
      await journal.finished(this.#counts, { signal: this.#signal });
      return this.#counts;
    } finally {
      // After a failure the others are let go: their emails are delivered again.
      this.#over.abort(new StopBegun());
      await Promise.all(this.#inWork.map(({ ended }) => ended));
    }
  }

  #hasRoomFor({ heldBytes }: PushBatch): boolean {
    if (this.#inWork.length === 0) return true;
    const inUse = this.#inWork.reduce((sum, { batch }) => sum + batch.heldBytes, 0);
    return this.#inWork.length < this.#work.batchesInFlight &&
      inUse + heldBytes <= LIMITS.heldMimeBytesTotal;
  }

  #begin(batch: PushBatch): void {
    const ended = this.#deliver(batch).then(
      (outcomes): BatchEnd => ({ outcomes }),
      (thrown): BatchEnd => ({ thrown }),
    );
    this.#inWork.push({ batch, ended });
  }

  async #deliver({ emails }: PushBatch): Promise<readonly EmailOutcome[]> {
    const options = { signal: this.#signal };
    const open = (email: StoredEmail, inner: CallOptions) => this.#open(email, inner);
    const opened = await mapWithin(this.#reads, emails, open, options);
    const whole = opened.filter((one): one is RawEmail => "mime" in one);
    const put = whole.length === 0 ? [] : await this.#put(whole, options);
    const outcomes = new Map(put.map((outcome) => [outcome.key, outcome]));
    return emails.map((email, index): EmailOutcome => {
      const one = opened[index]!;
      const outcome = "stored" in one ? one : outcomes.get(email.record.key);
      assert(outcome !== undefined, "a sink gives one outcome for each email");
      return { email, outcome };
    });
  }

  /** The email, or that it is damaged. */
  async #open(email: StoredEmail, options: CallOptions): Promise<RawEmail | PutOutcome> {
    try {
      return await this.#emails.open(email, options);
    } catch (thrown) {
      return notStored(email.record.key, thrown);
    }
  }

  async #put(
    emails: readonly RawEmail[],
    options: CallOptions,
  ): Promise<readonly PutOutcome[]> {
    const { sink } = this.#of;
    if (sink) return await sink.put(emails, options);
    return await Promise.all(emails.map((email) => checked(email, options)));
  }

  async #settleOldest(): Promise<void> {
    const [oldest] = this.#inWork;
    assert(oldest !== undefined, "a batch is in work");
    const { batch, ended } = oldest;
    const end = await ended;
    if ("thrown" in end) throw end.thrown;
    let counts = this.#counts;
    for (const { position, error } of batch.damaged) {
      counts = addReplayCounts(counts, this.#missed({ kind: "damaged", position, error }));
    }
    for (const one of end.outcomes) counts = addReplayCounts(counts, this.#settled(one));
    await this.#of.journal.settled(batch.until, counts, { signal: this.#signal });
    this.#inWork.shift();
    this.#counts = counts;
    this.#work.onSettled(this.#of.mailbox, counts);
  }

  #settled({ email, outcome }: EmailOutcome): ReplayCounts {
    if (outcome.stored) {
      this.#guard.delivered();
      return { ...NOTHING_PUSHED, delivered: 1, bytes: email.content.sizeBytes };
    }
    const { position, record: { id } } = email;
    const { error } = outcome;
    if (error.kind !== "item") throw error.in({ mailbox: this.#of.mailbox.address });
    const isDamaged = error.code === "StoredEmailDamaged";
    return this.#missed({ kind: isDamaged ? "damaged" : "refused", position, id, error });
  }

  /** One email that is not delivered; too many in a row that are refused are not its own fault. */
  #missed(trouble: PushTrouble): ReplayCounts {
    const { kind, position, error } = trouble;
    this.#work.onTrouble(this.#of.mailbox, trouble);
    if (kind === "refused") this.#guard.skipped({ folderId: "", itemId: position }, error);
    return { ...NOTHING_PUSHED, [kind]: 1 };
  }
}

/** Reads content that flows to its end; what is held is checked already. */
async function checked({ key, mime }: RawEmail, { signal }: CallOptions): Promise<PutOutcome> {
  let sizeBytes = mime.sizeBytes ?? 0;
  if (mime.sizeBytes !== undefined) return { key, stored: true, sizeBytes };
  try {
    for await (const chunk of mimeChunks(mime, signal)) sizeBytes += chunk.byteLength;
    return { key, stored: true, sizeBytes };
  } catch (thrown) {
    signal.throwIfAborted();
    return notStored(key, thrown);
  }
}

/** @throws what is thrown, if it is about more than this email. */
function notStored(key: string, thrown: unknown): PutOutcome {
  if (!(thrown instanceof SyncError) || thrown.kind !== "item") throw thrown;
  return { key, stored: false, error: thrown };
}
