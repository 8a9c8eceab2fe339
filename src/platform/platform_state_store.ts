import type { CallOptions, Env } from "../core/env.ts";
import { assert, SyncError } from "../core/errors.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { MailboxStates, MailboxStateStore, StateStore } from "../core/ports.ts";
import type { FolderSyncState, SettingsFingerprint } from "../core/sync_state.ts";
import { inheritSkipped } from "../core/take_over.ts";
import type { ObjectStore } from "../storage/object_store.ts";
import { BucketRecords } from "./bucket_records.ts";
import type { Buckets } from "./buckets.ts";
import { type FolderRecord, recordsOfMailbox, startOf, statesOfOthers } from "./cut_over.ts";
import { type BucketRef, type KeyedStates, stateKeyOf } from "./keyed_states.ts";
import type { PlatformCounts } from "./platform_counts.ts";
import { PlatformMailboxStates } from "./platform_mailbox_states.ts";
import { decodeFingerprint } from "./record_fingerprint.ts";
import { hasRecords, noteRecords } from "./recorded_mailboxes.ts";
import { lastSyncedAtOf, stateOfRecord, type SyncRecord, syncRecordOf } from "./sync_record.ts";

export interface PlatformStateStoreOptions {
  readonly buckets: Buckets;
  readonly states: KeyedStates;
  /** `--state-dir`: full states; absent: the platform's records are all there is. */
  readonly disk?: StatesOnDisk;
  /** The settings that a mailbox is synced under now. */
  readonly settingsOf: (mailbox: Mailbox) => SettingsFingerprint;
  readonly counts: PlatformCounts;
  readonly env: Env;
}

/** Full states, and the objects they are. */
export interface StatesOnDisk {
  readonly states: StateStore;
  readonly objects: ObjectStore;
}

/**
 * Folder states as keyed sync states of the platform, where the vendor's tools show them, and with a
 * disk in full there. Alone the platform keeps times only: what is loaded goes on from them, with a
 * new token (spec section 5, rules 5 and 8). It has no locks: within this process a mailbox has one
 * holder, other writers are noticed.
 */
export class PlatformStateStore implements StateStore {
  readonly #options: PlatformStateStoreOptions;
  readonly #records = new Map<string, BucketRecords>();
  /** Mailboxes that are held, by `nameOf`. */
  readonly #held = new Set<string>();
  /** Mailboxes that were held once: what is shared of their records may be older than their writes. */
  readonly #opened = new Set<string>();

  constructor(options: PlatformStateStoreOptions) {
    this.#options = options;
  }

  async open(mailbox: Mailbox, options: CallOptions): Promise<MailboxStateStore> {
    options.signal.throwIfAborted();
    const name = nameOf(mailbox);
    if (this.#held.has(name)) throw mailboxLocked(mailbox);
    this.#held.add(name);
    const release = () => this.#held.delete(name);
    try {
      const disk = await this.#options.disk?.states.open(mailbox, options);
      try {
        return await this.#open(mailbox, { disk, release, name }, options);
      } catch (thrown) {
        await disk?.[Symbol.asyncDispose]();
        throw thrown;
      }
    } catch (thrown) {
      release();
      throw thrown;
    }
  }

  async read(mailbox: Mailbox, options: CallOptions): Promise<MailboxStates> {
    options.signal.throwIfAborted();
    const { disk } = this.#options;
    if (disk) return await disk.states.read(mailbox, options);
    const at = await this.#bucketOf(mailbox, options);
    const fresh = this.#opened.has(nameOf(mailbox));
    const records = await this.#recordsOf(at).read(mailbox.address, { ...options, fresh });
    const { own } = recordsOfMailbox(records, mailbox.address);
    return { folders: own.map(stateOfRecord), unreadable: [] };
  }

  async #open(
    mailbox: Mailbox,
    { disk, release, name }: Holding,
    options: CallOptions,
  ): Promise<MailboxStateStore> {
    const { states, counts, env } = this.#options;
    const at = await this.#bucketOf(mailbox, options);
    if (!await states.areAvailable(at, options) && disk) return released(disk, release);
    const bucketRecords = this.#recordsOf(at);
    const records = await bucketRecords.read(mailbox.address, {
      ...options,
      fresh: this.#opened.has(name),
    });
    this.#opened.add(name);
    const ofMailbox = recordsOfMailbox(records, mailbox.address);
    const own = disk
      ? await this.#bound(mailbox, at, disk, ofMailbox.own, options)
      : ofMailbox.own.map(stateOfRecord);
    const taken = await this.#takeOver(mailbox, { own, foreign: ofMailbox.foreign }, at, options);
    return new PlatformMailboxStates({
      mailbox,
      at,
      loaded: [...own, ...taken.states],
      ...(taken.startAt ? { startAt: taken.startAt } : {}),
      records: ofMailbox.own,
      states,
      bucketRecords,
      ...(disk ? { disk } : {}),
      release,
      counts,
      env,
    });
  }

  /** The states on disk as far as their records still stand beside them, else those of the records. */
  async #bound(
    mailbox: Mailbox,
    at: BucketRef,
    disk: MailboxStateStore,
    records: readonly FolderRecord[],
    options: CallOptions,
  ): Promise<readonly FolderSyncState[]> {
    const full = new Map(disk.loaded.map((state) => [state.folder.id, state]));
    const bound = records.map((record) => {
      const state = full.get(record.folderId);
      full.delete(record.folderId);
      if (!state) return stateOfRecord(record);
      return isBeside(record, state) ? state : movedOn(state, stateOfRecord(record));
    });
    const adopted = await this.#withoutRecord(mailbox, at, disk, [...full.values()], options);
    return [...bound, ...adopted];
  }

  /**
   * States on disk of which the platform has no record: deleted there, for the folders to start
   * over, or never written, because the platform kept no states until now.
   */
  async #withoutRecord(
    mailbox: Mailbox,
    at: BucketRef,
    disk: MailboxStateStore,
    states: readonly FolderSyncState[],
    options: CallOptions,
  ): Promise<readonly FolderSyncState[]> {
    const { env, disk: { objects } = {} } = this.#options;
    assert(objects !== undefined, "states on disk are objects");
    const hadRecords = await hasRecords(objects, mailbox, options);
    if (hadRecords) {
      for (const { folder } of states) await disk.remove(folder.id, options);
      if (states.length === 0) return [];
      env.log.warn("Sync states are gone from the platform; their folders start over.", {
        mailbox: mailbox.address,
        folders: states.length,
      });
      return [];
    }
    const writer = { mailbox: mailbox.address, writer: this.#options.states.writer };
    for (const state of states) {
      const key = stateKeyOf(mailbox.address, state.folder.id);
      await this.#options.states.put(at, key, syncRecordOf(state, writer), options);
    }
    await noteRecords(objects, mailbox, options);
    return states;
  }

  /** What another program left of a mailbox (spec section 5, rule 8). */
  async #takeOver(
    mailbox: Mailbox,
    { own, foreign }: {
      readonly own: readonly FolderSyncState[];
      readonly foreign: readonly FolderRecord[];
    },
    at: BucketRef,
    options: CallOptions,
  ): Promise<{ readonly states: readonly FolderSyncState[]; readonly startAt?: Date }> {
    if (mailbox.startFrom !== "bucket") return { states: [] };
    const { settingsOf, env, states } = this.#options;
    const taken = statesOfOthers(foreign, own, settingsOf(mailbox));
    const isNew = own.length === 0;
    const startAt = isNew ? startOf(await states.progressOf(at, options)) : undefined;
    if (taken.length === 0 && !startAt) return { states: [] };
    const fields = { mailbox: mailbox.address, folders: taken.length };
    if (!startAt) {
      env.log.info("Another program has synced this mailbox; it goes on from there.", fields);
      return { states: taken };
    }
    // Of a bucket it is not known which mailboxes that program has synced: it may not have been this.
    env.log.warn("Another program has filled this bucket; older emails are not synced again.", {
      ...fields,
      otherFoldersSince: startAt.toISOString(),
      hint: "For a mailbox that it did not sync, run once with `start_from` config",
    });
    return { states: taken, startAt };
  }

  async #bucketOf({ bucket }: Mailbox, options: CallOptions): Promise<BucketRef> {
    return { bucket, id: await this.#options.buckets.idOf(bucket, options) };
  }

  #recordsOf(at: BucketRef): BucketRecords {
    const { states, env } = this.#options;
    const records = this.#records.get(at.id) ?? new BucketRecords(at, states, env);
    this.#records.set(at.id, records);
    return records;
  }
}

interface Holding {
  readonly disk: MailboxStateStore | undefined;
  readonly release: () => void;
  readonly name: string;
}

/**
 * Whether a record is the one that was written with a state, or the one after it, by the same
 * process, which was killed before the state was on disk.
 */
function isBeside({ lastSyncedAt, fingerprint = "" }: SyncRecord, state: FolderSyncState): boolean {
  const expected = secondsOf(lastSyncedAtOf(state));
  const { previous } = decodeFingerprint(fingerprint) ?? {};
  return secondsOf(lastSyncedAt) === expected || secondsOf(previous) === expected;
}

/** The state of a record that somebody else wrote, who may not know what was skipped. */
function movedOn(state: FolderSyncState, there: FolderSyncState): FolderSyncState {
  return there.api === state.api
    ? { ...there, skipped: state.skipped }
    : inheritSkipped(there, state);
}

/** The platform may keep no finer time. */
function secondsOf(time: Date | undefined): number | undefined {
  return time && Math.floor(time.getTime() / 1000);
}

/** A store that gives the mailbox up in this process, too, when it is disposed. */
function released(disk: MailboxStateStore, release: () => void): MailboxStateStore {
  return {
    loaded: disk.loaded,
    save: (state, options) => disk.save(state, options),
    remove: (folderId, options) => disk.remove(folderId, options),
    saveCondition: (condition, options) => disk.saveCondition(condition, options),
    [Symbol.asyncDispose]: async () => {
      try {
        await disk[Symbol.asyncDispose]();
      } finally {
        release();
      }
    },
  };
}

function nameOf({ bucket, address }: Mailbox): string {
  return `${bucket.owner}/${bucket.name} ${address}`;
}

function mailboxLocked({ address }: Mailbox): SyncError {
  const message = `Mailbox "${address}" is synced in this process already`;
  return new SyncError("mailbox", "MailboxLocked", message, {
    hint: "Wait until that ends",
    context: { mailbox: address },
  });
}
