import { backoffMs } from "../../core/backoff.ts";
import type { CallOptions, Env } from "../../core/env.ts";
import { SyncError, syncErrorOf } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Mailbox } from "../../core/mailbox.ts";
import type { BellObserver } from "../../core/observer.ts";
import type { MailboxBell } from "../../core/ports.ts";
import { Semaphore } from "../../core/semaphore.ts";
import { withinDeadline } from "../../source/within_deadline.ts";
import type { EwsClient } from "../client.ts";
import type { Operation } from "../operation.ts";
import { subscribe, type SubscribedFolders } from "../operations/subscribe.ts";
import { unsubscribe } from "../operations/unsubscribe.ts";
import { Affinity } from "./affinity.ts";
import { type Listener, ListeningGroup } from "./listening_group.ts";
import { pausesAfter } from "./pauses.ts";

export interface StreamingBellOptions {
  readonly client: EwsClient;
  readonly env: Env;
  readonly observer?: BellObserver;
  /** Whether all subscriptions count against one limit: that of the account. */
  readonly sharesLimit: boolean;
  /** What to hear of in a mailbox. */
  readonly foldersOf: (mailbox: Mailbox, options: CallOptions) => Promise<SubscribedFolders>;
}

/** A bell that is rung by Exchange, until it is disposed of. */
export type StreamingBell = MailboxBell & AsyncDisposable;

/**
 * A bell by streaming notifications (Microsoft, "Notification subscriptions, mailbox events, and
 * EWS"): one subscription for each mailbox, and few connections that listen for all of them. Where
 * Exchange grants fewer, the mailboxes beyond are not listened to, and asked for again now and then.
 */
export function createStreamingBell(options: StreamingBellOptions): StreamingBell {
  return new ExchangeBell(options);
}

interface Subscription {
  readonly id: string;
  readonly group: ListeningGroup;
}

interface Begun extends Subscription {
  readonly lost: Promise<SyncError>;
}

const STOPPED = new Error("Nobody listens any more");

class ExchangeBell implements StreamingBell {
  readonly #options: StreamingBellOptions;
  readonly #env: Env;
  /** One at a time: where the first one lies decides where those after it are made. */
  readonly #subscribing = new Semaphore(1);
  readonly #unsubscribing = new Semaphore(4);
  readonly #groups = new Set<ListeningGroup>();
  readonly #listening = new Map<AbortController, Promise<void>>();
  /** Aborts what is still being cancelled when the time for that is over. */
  readonly #end = new AbortController();
  /** The account has as many subscriptions as it may, until that time on the monotonic clock. */
  #full: { readonly error: SyncError; readonly untilMs: number } | undefined;
  #said: { readonly code: string; readonly atMs: number } | undefined;

  constructor(options: StreamingBellOptions) {
    this.#options = options;
    this.#env = options.env;
  }

  listen(mailbox: Mailbox, ring: () => void): Disposable {
    const stop = new AbortController();
    const { observer } = this.#options;
    const listener: Listener = {
      mailbox,
      ring,
      listeningChanged: (isListenedTo) => observer?.listeningChanged(mailbox, isListenedTo),
    };
    const listening = this.#keepListening(listener, { signal: stop.signal })
      .finally(() => this.#listening.delete(stop));
    this.#listening.set(stop, listening);
    return { [Symbol.dispose]: () => stop.abort(STOPPED) };
  }

  /** Rings no more and cancels the subscriptions, within `LIMITS.unsubscribeMsMax`. */
  async [Symbol.asyncDispose](): Promise<void> {
    const ended = Promise.all(this.#listening.values());
    for (const stop of this.#listening.keys()) stop.abort(STOPPED);
    const done = new AbortController();
    const late = this.#env.clock.sleep(LIMITS.unsubscribeMsMax, { signal: done.signal })
      .then(() => this.#end.abort(STOPPED), () => undefined);
    await ended;
    done.abort();
    await late;
    await Promise.all([...this.#groups].map((group) => group.idle()));
  }

  /** Subscribes again and again, until the signal is aborted. */
  async #keepListening(listener: Listener, options: CallOptions): Promise<void> {
    const { clock, entropy } = this.#env;
    try {
      for (let failures = 0;; failures++) {
        const startedMs = clock.monotonicMs();
        const error = await this.#untilLost(listener, options);
        if (clock.monotonicMs() - startedMs >= LIMITS.backoffMsMax) failures = 0;
        const delayMs = (error.retryAfterMs ?? 0) +
          backoffMs(failures, pausesAfter(error), entropy);
        this.#say(listener.mailbox, error, delayMs);
        await clock.sleep(delayMs, options);
      }
    } catch (thrown) {
      if (thrown !== STOPPED) throw thrown;
    }
  }

  /** One subscription from its beginning to its end; resolves with the failure that ended it. */
  async #untilLost(listener: Listener, options: CallOptions): Promise<SyncError> {
    let begun: Begun;
    try {
      const folders = await this.#options.foldersOf(listener.mailbox, options);
      begun = await this.#subscribing.run(() => this.#begin(listener, folders, options), options);
    } catch (thrown) {
      options.signal.throwIfAborted();
      return syncErrorOf(thrown);
    }
    try {
      const error = await begun.lost;
      // It may still be there, and count against the limit.
      if (error.kind !== "retryable") await this.#unsubscribe(listener.mailbox, begun);
      return error;
    } catch (thrown) {
      if (thrown === STOPPED) await this.#unsubscribe(listener.mailbox, begun);
      throw thrown;
    } finally {
      if (begun.group.size === 0) await this.#closed(begun.group);
    }
  }

  async #closed(group: ListeningGroup): Promise<void> {
    await group.idle();
    if (group.size === 0) this.#groups.delete(group);
  }

  async #begin(
    listener: Listener,
    folders: SubscribedFolders,
    options: CallOptions,
  ): Promise<Begun> {
    const { id, group } = await this.#subscribe(listener.mailbox, folders, options);
    this.#groups.add(group);
    return { id, group, lost: group.listen(id, listener, options) };
  }

  async #subscribe(
    mailbox: Mailbox,
    folders: SubscribedFolders,
    options: CallOptions,
  ): Promise<Subscription> {
    this.#checkLimit();
    const joined = [...this.#groups].find(hasRoom);
    try {
      return await this.#subscribeAt(joined?.affinity, mailbox, folders, options);
    } catch (thrown) {
      options.signal.throwIfAborted();
      const error = syncErrorOf(thrown);
      this.#noteLimit(error);
      if (!joined || isLimit(error)) throw error;
    }
    // Another server than the group's may be the mailbox's own.
    return await this.#subscribeAt(undefined, mailbox, folders, options);
  }

  /** Subscribes on the server of a group, or wherever the mailbox leads to. */
  async #subscribeAt(
    wanted: Affinity | undefined,
    mailbox: Mailbox,
    folders: SubscribedFolders,
    options: CallOptions,
  ): Promise<Subscription> {
    const affinity = wanted?.copy() ?? new Affinity(mailbox.address);
    const id = await this.#attempt(mailbox, subscribe(folders), { ...options, affinity });
    const group = [...this.#groups].find((it) => hasRoom(it) && it.affinity.isSameServer(affinity));
    if (group) return { id, group };
    if (this.#groups.size < LIMITS.listeningConnectionsMax) {
      return { id, group: new ListeningGroup({ ...this.#groupOptions, affinity }) };
    }
    await this.#cancel(mailbox, id, affinity, options);
    throw new SyncError(
      "mailbox",
      "ListeningConnectionsExhausted",
      `Mailboxes lie on more servers than ${LIMITS.listeningConnectionsMax} connections listen to`,
      { hint: "Nothing has to be done: the mailbox is polled; shards listen to more servers" },
    );
  }

  get #groupOptions() {
    const { client, env, observer } = this.#options;
    return { client, env, observer };
  }

  async #unsubscribe(mailbox: Mailbox, { id, group }: Subscription): Promise<void> {
    const options = { signal: this.#end.signal };
    try {
      await this.#unsubscribing.run(
        () => this.#cancel(mailbox, id, group.affinity, options),
        options,
      );
    } catch (thrown) {
      if (thrown !== STOPPED) throw thrown; // no time was left; it expires by itself
    }
  }

  /** A subscription that cannot be cancelled expires by itself. */
  async #cancel(
    mailbox: Mailbox,
    id: string,
    affinity: Affinity,
    options: CallOptions,
  ): Promise<void> {
    try {
      await this.#attempt(mailbox, unsubscribe(id), { ...options, affinity });
    } catch (thrown) {
      options.signal.throwIfAborted();
      const { code } = syncErrorOf(thrown);
      this.#env.log.debug("Subscription was not cancelled.", { mailbox: mailbox.address, code });
    }
  }

  /** Sends a short request, which nobody else has to wait for longer than its deadline. */
  async #attempt<T>(
    mailbox: Mailbox,
    operation: Operation<T>,
    { signal, affinity }: CallOptions & { readonly affinity: Affinity },
  ): Promise<T> {
    const late = new AbortController();
    try {
      const work = this.#options.client.attempt(mailbox, operation, {
        signal: AbortSignal.any([signal, late.signal]),
        affinity,
      });
      const { value } = await withinDeadline(work, LIMITS.subscribeMsMax, {
        clock: this.#env.clock,
        signal,
        error: tooSlow,
      });
      return value;
    } finally {
      late.abort(STOPPED);
    }
  }

  #checkLimit(): void {
    const full = this.#full;
    if (full && this.#env.clock.monotonicMs() < full.untilMs) throw full.error;
    this.#full = undefined;
  }

  #noteLimit(error: SyncError): void {
    if (!this.#options.sharesLimit || !isLimit(error)) return;
    const untilMs = this.#env.clock.monotonicMs() + LIMITS.subscriptionLimitHoldMs;
    this.#full = { error, untilMs };
  }

  /** For many mailboxes at a time it is one failure. */
  #say({ address }: Mailbox, { code, message, hint }: SyncError, delayMs: number): void {
    const atMs = this.#env.clock.monotonicMs();
    const isSaid = this.#said?.code === code && atMs - this.#said.atMs < LIMITS.failureSaidAgainMs;
    if (isSaid) return;
    this.#said = { code, atMs };
    this.#env.log.warn("Mailbox is polled only: Exchange does not tell what arrives in it.", {
      mailbox: address,
      code,
      reason: message,
      hint,
      delayMs,
    });
  }
}

function hasRoom({ size }: ListeningGroup): boolean {
  return size < LIMITS.subscriptionsPerConnectionMax;
}

function isLimit({ code }: SyncError): boolean {
  return code === "ErrorExceededSubscriptionCount";
}

function tooSlow(): SyncError {
  return new SyncError("retryable", "SubscribeTimeout", "Exchange does not answer in time", {
    hint: "Wait; if this lasts, look at the load of the Exchange servers (Get-ServerHealth)",
  });
}
