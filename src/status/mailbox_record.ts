import type { Clock } from "../core/env.ts";
import type { SyncError } from "../core/errors.ts";
import type { Folder, Mailbox } from "../core/mailbox.ts";
import {
  addCounts,
  type DeliveryCounts,
  type FolderStatesView,
  type MailboxPhase,
  NO_COUNTS,
  settledOf,
} from "../core/observer.ts";
import type { FolderSyncState } from "../core/sync_state.ts";
import { Throughput } from "./throughput.ts";

/** How a mailbox as a whole is, and since when. */
export interface RecordedCondition {
  readonly phase: MailboxPhase["name"];
  readonly since: Date;
  /** When its pause is over. */
  readonly until?: Date;
  readonly error?: SyncError;
}

/** Requests wait until then, because of that answer. */
export interface Throttle {
  readonly error: SyncError;
  readonly until: Date;
}

/** A folder as the last round saw it. */
export interface FolderProgress {
  readonly path: readonly string[];
  /**
   * Items the server counted when the process saw the folder first, less those settled since: at
   * most so many are left to list.
   */
  readonly left: number;
  /** Why its last pass failed. */
  readonly failure?: { readonly error: SyncError; readonly at: Date };
}

/** What is known of one mailbox while the process runs. */
export class MailboxRecord {
  readonly #clock: Clock;
  #mailbox: Mailbox;
  #condition: RecordedCondition;
  #lastSuccessAt: Date | undefined;
  #throttle: Throttle | undefined;
  #isListenedTo = false;
  #counts: DeliveryCounts = NO_COUNTS;
  #throughput: Throughput | undefined;
  #states: FolderStatesView | undefined;
  #folders = new Map<string, FolderProgress>();
  /** Whether `#folders` are those of a round. */
  #hasListed = false;

  constructor(mailbox: Mailbox, clock: Clock) {
    this.#mailbox = mailbox;
    this.#clock = clock;
    this.#condition = { phase: "starting", since: clock.now() };
  }

  get mailbox(): Mailbox {
    return this.#mailbox;
  }

  get condition(): RecordedCondition {
    return this.#condition;
  }

  /** When a round last left no failure behind. */
  get lastSuccessAt(): Date | undefined {
    return this.#lastSuccessAt;
  }

  /** Absent once it is over. */
  get throttle(): Throttle | undefined {
    return currentOf(this.#throttle, this.#clock.now());
  }

  /** Whether the server tells of what arrives; else it is polled only. */
  get isListenedTo(): boolean {
    return this.#isListenedTo;
  }

  /** Of this process. */
  get counts(): DeliveryCounts {
    return this.#counts;
  }

  /** Absent: nothing was delivered yet. */
  get throughput(): Throughput | undefined {
    return this.#throughput;
  }

  /** By folder id, those of the last round. */
  get folders(): ReadonlyMap<string, FolderProgress> {
    return this.#folders;
  }

  /**
   * States of the folders that are synced or gone. One that the settings no longer select keeps its
   * state, and nothing of it is behind.
   */
  get states(): readonly FolderSyncState[] {
    const all = this.#states?.all() ?? [];
    if (!this.#hasListed) return all;
    return all.filter(({ folder, goneSince }) => goneSince || this.#folders.has(folder.id));
  }

  /** Another life of the service begins with it. */
  begin(mailbox: Mailbox): void {
    this.#mailbox = mailbox;
    this.enter({ name: "starting" });
  }

  enter(phase: MailboxPhase): void {
    const now = this.#clock.now();
    if (phase.name === "idle") this.#lastSuccessAt = now;
    const error = "error" in phase ? phase.error : undefined;
    const { phase: name, since, error: before } = this.#condition;
    // A mailbox that syncs and one that waits for its next round are the same to whoever looks.
    const goesOn = samePhase(name, phase.name) && before?.code === error?.code;
    this.#condition = {
      phase: phase.name,
      since: goesOn ? since : now,
      ...("delayMs" in phase ? { until: new Date(now.getTime() + phase.delayMs) } : {}),
      ...(error ? { error } : {}),
    };
  }

  open(states: FolderStatesView): void {
    this.#states = states;
  }

  throttleUntil(error: SyncError, delayMs: number): void {
    this.#throttle = laterThrottle(this.#throttle, error, delayMs, this.#clock.now());
  }

  listen(isListenedTo: boolean): void {
    this.#isListenedTo = isListenedTo;
  }

  beginRound(folders: readonly Folder[]): void {
    this.#hasListed = true;
    this.#folders = new Map(folders.map(({ id, path, itemCount = 0 }) => {
      const known = this.#folders.get(id);
      return [id, { left: itemCount, ...known, path }];
    }));
  }

  settle(folder: Folder, counts: DeliveryCounts): void {
    this.#counts = addCounts(this.#counts, counts);
    if (counts.delivered > 0) {
      this.#throughput ??= new Throughput();
      this.#throughput.add(counts.delivered, counts.bytes, this.#clock.monotonicMs());
    }
    this.#update(folder, ({ left, ...rest }) => ({
      ...rest,
      left: Math.max(0, left - settledOf(counts)),
    }));
  }

  endPass(folder: Folder, behind: boolean): void {
    this.#update(folder, ({ path, left }) => ({ path, left: behind ? left : 0 }));
  }

  failPass(folder: Folder, error: SyncError): void {
    const failure = { error, at: this.#clock.now() };
    this.#update(folder, (progress) => ({ ...progress, failure }));
  }

  #update({ id }: Folder, change: (progress: FolderProgress) => FolderProgress): void {
    const known = this.#folders.get(id);
    if (known) this.#folders.set(id, change(known));
  }
}

/** The throttle after another answer that asks for a delay: it never ends earlier than said before. */
export function laterThrottle(
  known: Throttle | undefined,
  error: SyncError,
  delayMs: number,
  now: Date,
): Throttle {
  const until = new Date(now.getTime() + delayMs);
  return known && known.until >= until ? known : { error, until };
}

/** A throttle as long as it is in force. */
export function currentOf(throttle: Throttle | undefined, now: Date): Throttle | undefined {
  return throttle && throttle.until > now ? throttle : undefined;
}

function samePhase(a: MailboxPhase["name"], b: MailboxPhase["name"]): boolean {
  const plain = (name: MailboxPhase["name"]) => name === "idle" ? "syncing" : name;
  return plain(a) === plain(b);
}
