import type { CallOptions, Env } from "../core/env.ts";
import { assert } from "../core/errors.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { MailboxStateStore } from "../core/ports.ts";
import type { FolderSyncState, MailboxCondition } from "../core/sync_state.ts";
import { KeyedQueue } from "../storage/keyed_queue.ts";
import type { BucketRecords } from "./bucket_records.ts";
import { recordsOfProgram } from "./cut_over.ts";
import { type BucketRef, type KeyedStates, stateKeyOf } from "./keyed_states.ts";
import type { PlatformCounts } from "./platform_counts.ts";
import { PLATFORM_LIMITS } from "./platform_limits.ts";
import { decodeFingerprint } from "./record_fingerprint.ts";
import { type SyncRecord, syncRecordOf } from "./sync_record.ts";

export interface PlatformMailboxStatesOptions {
  readonly mailbox: Mailbox;
  readonly at: BucketRef;
  readonly loaded: readonly FolderSyncState[];
  /** See `PlatformMailboxStates.startAt`. */
  readonly startAt?: Date;
  /** The records of ours that were there. */
  readonly records: readonly SyncRecord[];
  readonly states: KeyedStates;
  readonly bucketRecords: BucketRecords;
  /** Full states on disk, held until this is disposed; absent: the platform's are all there is. */
  readonly disk?: MailboxStateStore;
  /** Gives the mailbox up; called once, last. */
  readonly release: () => void;
  readonly counts: PlatformCounts;
  readonly env: Env;
}

/**
 * States of one mailbox as records of the platform, and in full on disk where there is one. The
 * record is written first: a state on disk is used only while its record is that one or the one after.
 */
export class PlatformMailboxStates implements MailboxStateStore {
  readonly loaded: readonly FolderSyncState[];
  /** Where folders without a state begin: another program had come so far with the whole bucket. */
  readonly startAt: Date | undefined;
  readonly #options: PlatformMailboxStatesOptions;
  readonly #queue = new KeyedQueue();
  /** By folder id: what of its record is ours, or was there when we came. */
  readonly #known = new Map<string, KnownRecord>();
  readonly #watch: AsyncDisposable;
  #disposed = false;

  constructor(options: PlatformMailboxStatesOptions) {
    this.#options = options;
    this.loaded = options.loaded;
    this.startAt = options.startAt;
    for (const record of options.records) {
      if (record.folderId !== undefined) {
        this.#knownOf(record.folderId).stamps.push(stampOf(record));
      }
    }
    const { mailbox, bucketRecords } = options;
    this.#watch = bucketRecords.watch(mailbox.address, (records) => this.#look(records));
  }

  async save(state: FolderSyncState, options: CallOptions): Promise<void> {
    await this.#inTurn(state.folder.id, async () => {
      await this.#put(state, options);
      await this.#options.disk?.save(state, options);
    }, options);
  }

  async remove(folderId: string, options: CallOptions): Promise<void> {
    await this.#inTurn(folderId, async () => {
      const { states, at, disk } = this.#options;
      // The record last: a state on disk without one would look as if somebody had deleted that.
      await disk?.remove(folderId, options);
      await states.remove(at, this.#keyOf(folderId), options);
      this.#known.delete(folderId);
    }, options);
  }

  /** The platform has no place for it. */
  async saveCondition(condition: MailboxCondition, options: CallOptions): Promise<void> {
    assert(!this.#disposed, "state is written only while the mailbox is held");
    await this.#options.disk?.saveCondition(condition, options);
  }

  /** Waits for writes under way: the next holder must not meet ours. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    try {
      await this.#queue.idle();
      await this.#watch[Symbol.asyncDispose]();
      await this.#options.disk?.[Symbol.asyncDispose]();
    } finally {
      this.#options.release();
    }
  }

  async #put(state: FolderSyncState, options: CallOptions): Promise<void> {
    const { states, at, mailbox } = this.#options;
    const folderId = state.folder.id;
    const known = this.#knownOf(folderId);
    const record = syncRecordOf(state, {
      mailbox: mailbox.address,
      writer: states.writer,
      ...(known.written ? { previous: known.written } : {}),
    });
    const key = this.#keyOf(folderId);
    if (known.isContested && isAhead(await states.get(at, key, options), record)) return;
    // Known before it is there: a look must not take it for another's.
    remember(known, stampOf(record));
    await states.put(at, key, record, options);
    if (record.lastSyncedAt) known.written = record.lastSyncedAt;
  }

  /** Notices records that somebody else has written (spec section 5). */
  #look(records: readonly SyncRecord[]): void {
    const { mailbox, counts, env } = this.#options;
    const changed = recordsOfProgram(records).filter((record) => {
      const known = this.#known.get(record.folderId);
      return known && !known.stamps.includes(stampOf(record));
    });
    const [first] = changed;
    if (!first) return;
    for (const record of changed) {
      const known = this.#knownOf(record.folderId);
      known.isContested = true;
      remember(known, stampOf(record));
    }
    counts.foreignWrites += changed.length;
    env.log.warn("Another instance writes the sync states of a mailbox, too.", {
      mailbox: mailbox.address,
      folder: first.folderPath,
      folders: changed.length,
      lastSyncedAt: first.lastSyncedAt?.toISOString(),
      hint: "Let one instance sync this mailbox into this bucket; nothing is lost meanwhile, but " +
        "its emails are fetched and sent more than once",
    });
  }

  async #inTurn(
    folderId: string,
    write: () => Promise<void>,
    options: CallOptions,
  ): Promise<void> {
    assert(!this.#disposed, "state is written only while the mailbox is held");
    await this.#queue.run([folderId], write, options);
  }

  #keyOf(folderId: string): string {
    return stateKeyOf(this.#options.mailbox.address, folderId);
  }

  #knownOf(folderId: string): KnownRecord {
    const known = this.#known.get(folderId) ?? { stamps: [], isContested: false };
    this.#known.set(folderId, known);
    return known;
  }
}

interface KnownRecord {
  /** Of the records last seen or written, the latest at the end. */
  readonly stamps: string[];
  /** `last_synced_at` that this process wrote last. */
  written?: Date;
  /** Somebody else writes it, too. */
  isContested: boolean;
}

/** What tells a record from the one before. Seconds: the platform may keep no finer time. */
function stampOf({ fingerprint = "", lastSyncedAt }: SyncRecord): string {
  const writer = decodeFingerprint(fingerprint)?.writer ?? "";
  return `${writer}@${Math.floor((lastSyncedAt?.getTime() ?? 0) / 1000)}`;
}

function remember({ stamps }: KnownRecord, stamp: string): void {
  if (stamps.includes(stamp)) return;
  stamps.push(stamp);
  if (stamps.length > PLATFORM_LIMITS.rememberedWritesMax) stamps.shift();
}

/** Whether a record has come further than another: it must not be written backwards. */
function isAhead(there: SyncRecord | undefined, ours: SyncRecord): boolean {
  if (!there?.syncedUntil) return false;
  return !ours.syncedUntil || ours.syncedUntil < there.syncedUntil;
}
