import type { CallOptions } from "../../core/env.ts";
import type { Mailbox } from "../../core/mailbox.ts";
import {
  lockReplay,
  readReplayProgress,
  type ReplayCounts,
  type ReplayProgress,
  type ReplayScope,
  writeReplayProgress,
} from "../../storage/stored_emails_progress.ts";
import { NOTHING_PUSHED, type PushWork } from "./push_work.ts";

/** How far the push of one mailbox is, durably, so that one that is killed goes on from there. */
export interface PushJournal extends AsyncDisposable {
  /** As it was when this push began. */
  readonly earlier: ReplayProgress;
  /** Everything up to `position` is settled. */
  settled(position: string, counts: ReplayCounts, options: CallOptions): Promise<void>;
  /** Nothing is left of this mailbox. */
  finished(counts: ReplayCounts, options: CallOptions): Promise<void>;
}

/**
 * Takes a mailbox for this push and finds out where it begins. Without a sink nothing is taken or
 * written. Rejects as `lockReplay` and `readReplayProgress` do.
 */
export async function openPushJournal(work: PushWork, mailbox: Mailbox): Promise<PushJournal> {
  const options = { signal: work.stop.begun };
  const lock = work.sink && await lockReplay(work.source.store, mailbox, options);
  try {
    const earlier = await earlierProgress(work, mailbox, options);
    return lock ? new StoredJournal(work, mailbox, earlier, lock) : dryJournal(earlier);
  } catch (thrown) {
    await lock?.[Symbol.asyncDispose]();
    throw thrown;
  }
}

class StoredJournal implements PushJournal {
  readonly earlier: ReplayProgress;
  readonly #work: PushWork;
  readonly #mailbox: Mailbox;
  readonly #lock: AsyncDisposable;

  constructor(work: PushWork, mailbox: Mailbox, earlier: ReplayProgress, lock: AsyncDisposable) {
    this.earlier = earlier;
    this.#work = work;
    this.#mailbox = mailbox;
    this.#lock = lock;
  }

  async settled(position: string, counts: ReplayCounts, options: CallOptions): Promise<void> {
    await this.#write({ ...this.earlier, position, counts }, options);
  }

  async finished(counts: ReplayCounts, options: CallOptions): Promise<void> {
    await this.#write({ ...this.earlier, counts, finished: true }, options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lock[Symbol.asyncDispose]();
  }

  async #write(progress: ReplayProgress, options: CallOptions): Promise<void> {
    const { source, programVersion } = this.#work;
    const { store } = source;
    await writeReplayProgress(store, this.#mailbox, progress, { ...options, programVersion });
  }
}

function dryJournal(earlier: ReplayProgress): PushJournal {
  const nothing = () => Promise.resolve();
  return { earlier, settled: nothing, finished: nothing, [Symbol.asyncDispose]: nothing };
}

/** That of a push for the same that did not end; else that of one which begins now. */
async function earlierProgress(
  { source, scope, env }: PushWork,
  mailbox: Mailbox,
  options: CallOptions,
): Promise<ReplayProgress> {
  const { log, clock } = env;
  const about = { mailbox: mailbox.address };
  const anew = { scope, startedAt: clock.now(), finished: false, counts: NOTHING_PUSHED };
  const stored = await readReplayProgress(source.store, mailbox, options);
  if (stored.kind === "none") return anew;
  if (stored.kind === "garbage") {
    log.warn("Progress of an earlier push is unreadable; this one begins anew.", {
      ...about,
      reason: stored.reason,
    });
    return anew;
  }
  const { value } = stored;
  const startedAt = value.startedAt.toISOString();
  if (!isSameScope(value.scope, scope)) {
    log.info("An earlier push with other options did not end; this one begins anew.", {
      ...about,
      startedAt,
      destination: value.scope.destination,
    });
    return anew;
  }
  log.info("An earlier push did not end; this one goes on where it stopped.", {
    ...about,
    startedAt,
    ...value.counts,
  });
  return value;
}

function isSameScope(a: ReplayScope, b: ReplayScope): boolean {
  return a.destination === b.destination && a.mailboxes === b.mailboxes &&
    a.since?.getTime() === b.since?.getTime();
}
