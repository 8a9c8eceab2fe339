import { type SyncError, syncErrorOf } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Mailbox } from "../core/mailbox.ts";
import {
  addCounts,
  type DeliveryCounts,
  type MailboxPhase,
  NO_COUNTS,
  settledOf,
} from "../core/observer.ts";
import type { MailboxStateStore } from "../core/ports.ts";
import { backoffMs } from "../core/backoff.ts";
import { AdaptivePause } from "./adaptive_pause.ts";
import { ConditionRecord } from "./condition_record.ts";
import type { Engine, MailboxReport } from "./engine.ts";
import { FailureLog } from "./failure_log.ts";
import { FolderStates } from "./folder_states.ts";
import { type Round, type RoundResult, runRound } from "./mailbox_round.ts";
import { Pace } from "./pace.ts";
import { PageSize } from "./page_size.ts";
import { participantFilter } from "./participant_filter.ts";
import type { SettledItems } from "./settled_items.ts";
import { settingsFingerprint } from "./settings_fingerprint.ts";
import { SkipGuard } from "./skip_guard.ts";
import { StopBegun } from "./stop.ts";
import { UnmatchedLists } from "./unmatched_lists.ts";
import { VanishedPages } from "./vanished_pages.ts";
import { WakeUp } from "./wake_up.ts";

/** What workers share beside, from one start to the next. */
interface Worker extends Engine {
  readonly settled: SettledItems;
}

/** A suspended mailbox is probed at growing pauses up to this (spec section 7). */
const SUSPENSION = { backoffMsMin: 30_000, backoffMsMax: 15 * 60_000 };
/**
 * One that another instance holds is tried again sooner: when instances have changed places, every
 * mailbox is to be owned within one lease (spec section 6).
 */
const HELD_ELSEWHERE = { backoffMsMin: 5_000, backoffMsMax: 30_000 };

/**
 * Follows one mailbox until a stop begins, or with `once` until a round leaves nothing behind.
 *
 * @throws SyncError of kind `fatal`, and with `once` of kind `destination`.
 */
export async function runMailbox(engine: Worker, mailbox: Mailbox): Promise<MailboxReport> {
  return await new MailboxWorker(engine, mailbox).run();
}

/** What comes between two rounds. */
interface Rest {
  readonly pauseMs: number;
  /** Whether new mail may end it. */
  readonly canWake: boolean;
}

class MailboxWorker {
  readonly #engine: Worker;
  readonly #mailbox: Mailbox;
  readonly #failureLog: FailureLog;
  readonly #wakeUp: WakeUp;
  readonly #pause: AdaptivePause | undefined;
  #resources = new AsyncDisposableStack();
  #round: Round | undefined;
  #condition: ConditionRecord | undefined;
  #hasCompletedRound = false;
  #counts: DeliveryCounts = NO_COUNTS;
  #failures = 0;

  constructor(engine: Worker, mailbox: Mailbox) {
    this.#engine = engine;
    this.#mailbox = mailbox;
    this.#failureLog = new FailureLog(engine.env, { mailbox: mailbox.address });
    this.#wakeUp = new WakeUp(engine.env.clock);
    const { adaptive, pollFrequencyMs } = engine.settings;
    this.#pause = adaptive && new AdaptivePause({ ...adaptive, pauseMsMax: pollFrequencyMs });
  }

  async run(): Promise<MailboxReport> {
    const { settings } = this.#engine;
    await this.#phase({ name: "starting" });
    let failed: SyncError | undefined;
    try {
      try {
        failed = settings.once ? await this.#untilComplete() : await this.#untilStopped();
      } catch (thrown) {
        if (!(thrown instanceof StopBegun)) throw thrown;
      }
      await this.#phase({ name: "stopped", ...(failed ? { error: failed } : {}) });
    } finally {
      await this.#letGo();
    }
    const report = { mailbox: this.#mailbox, counts: this.#counts };
    return failed ? { ...report, failed } : report;
  }

  /** Rounds without pause until one leaves no backlog; the first failure of the mailbox ends it. */
  async #untilComplete(): Promise<SyncError | undefined> {
    const { stop } = this.#engine;
    for (;;) {
      try {
        const { backlog, failures } = await this.#runRound();
        for (const failure of failures) this.#failureLog.failed("Folder failed.", failure);
        if (!backlog || failures.length > 0) return failures[0];
      } catch (thrown) {
        const error = this.#reachOf(thrown);
        if (error.kind === "destination" || error.kind === "fatal") throw error;
        stop.begun.throwIfAborted();
        this.#failureLog.failed("Mailbox failed.", error);
        return error;
      }
    }
  }

  async #untilStopped(): Promise<never> {
    for (;;) await this.#roundAndPause();
  }

  /** One round, or the reaction to its failure, and the pause before the next one. */
  async #roundAndPause(): Promise<void> {
    const { env, stop } = this.#engine;
    const options = { signal: stop.begun };
    const { pauseMs, canWake } = await this.#roundOrReaction();
    // What fails keeps its pauses, whatever arrives meanwhile.
    if (canWake) await this.#wakeUp.wait(pauseMs, options);
    else await env.clock.sleep(pauseMs, options);
  }

  async #roundOrReaction(): Promise<Rest> {
    const { stop, destination } = this.#engine;
    try {
      await destination.open();
      const result = await this.#runRound();
      const { backlog, failures } = result;
      const worst = failures.find(({ kind }) => kind === "retryable") ?? failures[0];
      if (worst) return await this.#pauseAfter(worst);
      this.#failures = 0;
      this.#failureLog.succeeded();
      await this.#phase({ name: "idle" });
      return { pauseMs: backlog ? 0 : this.#idlePauseMs(result), canWake: true };
    } catch (thrown) {
      const error = this.#reachOf(thrown);
      if (error.kind === "fatal") throw error;
      stop.begun.throwIfAborted();
      if (error.kind !== "destination") return await this.#pauseAfter(error);
      await this.#phase({ name: "waiting-for-destination", error });
      await destination.recovered(error);
      return { pauseMs: 0, canWake: true };
    }
  }

  #idlePauseMs({ counts }: RoundResult): number {
    const { pollFrequencyMs } = this.#engine.settings;
    if (!this.#pause) return pollFrequencyMs;
    const folders = this.#round?.states.all().length ?? 0;
    return this.#pause.after({ folders, hadMail: settledOf(counts) > 0 });
  }

  async #pauseAfter(error: SyncError): Promise<Rest> {
    const { env, settings } = this.#engine;
    // Nothing more can be written under the lock that was lost; the next round takes it anew.
    if (error.code === "MailboxLost") await this.#letGo();
    const suspended = error.kind === "mailbox";
    const growing = backoffMs(this.#failures++, pausesFor(error), env.entropy);
    const delayMs = Math.max(error.retryAfterMs ?? growing, settings.pollFrequencyMs);
    await this.#phase({ name: suspended ? "suspended" : "backing-off", error, delayMs });
    const msg = suspended ? "Mailbox is suspended." : "Mailbox backs off.";
    this.#failureLog.failed(msg, error, { delayMs });
    return { pauseMs: delayMs, canWake: false };
  }

  async #runRound(): Promise<RoundResult> {
    this.#round ??= await this.#open();
    this.#engine.observer.phaseChanged(this.#mailbox, { name: "syncing" });
    const retrySkipped = this.#engine.settings.retrySkipped && !this.#hasCompletedRound;
    const result = await runRound({ ...this.#round, retrySkipped }, this.#mailbox);
    if (result.failures.length === 0) this.#hasCompletedRound = true;
    this.#counts = addCounts(this.#counts, result.counts);
    return result;
  }

  /** Takes the mailbox's lock and what hangs on it; held until the worker ends. */
  async #open(): Promise<Round> {
    const { states, sink, settings, env, stop, source, observer } = this.#engine;
    const options = { signal: stop.aborted };
    const store = await states.open(this.#mailbox, options);
    try {
      const mailboxSink = await sink.open(this.#mailbox, options);
      const folderStates = new FolderStates(store, env.clock, { anew: this.#anew() });
      this.#release(store, folderStates);
      this.#listen();
      observer.statesOpened(this.#mailbox, folderStates);
      this.#condition = new ConditionRecord(store, this.#mailbox, env);
      const { participants } = this.#mailbox;
      return {
        source,
        sink: mailboxSink,
        env,
        observer,
        pace: new Pace(settings.pollMessageSleepMs, env.clock),
        heldBytes: this.#engine.heldBytes,
        backfills: this.#engine.backfills,
        batchSize: settings.batchSize,
        stop,
        states: folderStates,
        itemsMax: settings.emailsPerFolder,
        fingerprint: settingsFingerprint(this.#mailbox),
        guard: new SkipGuard(),
        vanished: new VanishedPages(),
        settled: this.#engine.settled,
        pageSize: new PageSize(),
        unmatchedLists: new UnmatchedLists(env.log),
        retrySkipped: false,
        ...(participants ? { filter: participantFilter(participants) } : {}),
      };
    } catch (error) {
      await store[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Gives up the lock and what hangs on it. */
  async #letGo(): Promise<void> {
    const held = this.#resources;
    this.#resources = new AsyncDisposableStack();
    this.#round = undefined;
    this.#condition = undefined;
    await held.disposeAsync();
  }

  #listen(): void {
    const { bell, settings } = this.#engine;
    if (bell && !settings.once) {
      this.#resources.use(bell.listen(this.#mailbox, () => this.#wakeUp.ring()));
    }
  }

  #anew(): Set<string> | undefined {
    const { address, startFrom } = this.#mailbox;
    if (startFrom !== "config") return undefined;
    const { startedAnew } = this.#engine;
    const anew = startedAnew.get(address) ?? new Set();
    startedAnew.set(address, anew);
    return anew;
  }

  /** At the end: write what was kept back, then let go of the lock. */
  #release(store: MailboxStateStore, folderStates: FolderStates): void {
    this.#resources.defer(() => store[Symbol.asyncDispose]());
    this.#resources.defer(async () => {
      try {
        await folderStates.flush({ signal: new AbortController().signal });
      } catch (thrown) {
        // An unwritten time costs a little repetition; the failure that ended the worker matters.
        const { code, message } = syncErrorOf(thrown);
        this.#engine.env.log.warn("Last times of folders were not written.", {
          mailbox: this.#mailbox.address,
          code,
          reason: message,
        });
      }
    });
  }

  async #phase(phase: MailboxPhase): Promise<void> {
    this.#engine.observer.phaseChanged(this.#mailbox, phase);
    await this.#condition?.note(phase, this.#engine.stop.aborted);
  }

  /** The failure as a `SyncError` of this mailbox; a stop goes on as what it is. */
  #reachOf(thrown: unknown): SyncError {
    if (thrown instanceof StopBegun) throw thrown;
    return syncErrorOf(thrown).in({ mailbox: this.#mailbox.address });
  }
}

function pausesFor({ kind, code }: SyncError) {
  if (kind !== "mailbox") return LIMITS;
  return code === "MailboxLocked" ? HELD_ELSEWHERE : SUSPENSION;
}
