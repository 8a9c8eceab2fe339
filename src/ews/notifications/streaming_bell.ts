import { backoffMs } from "../../core/backoff.ts";
import type { CallOptions, Env } from "../../core/env.ts";
import { type SyncError, syncErrorOf } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Mailbox } from "../../core/mailbox.ts";
import type { MailboxBell } from "../../core/ports.ts";
import { Semaphore } from "../../core/semaphore.ts";
import type { SubscribedFolders } from "../operations/subscribe.ts";
import type { Listener } from "./listening_group.ts";
import { pausesAfter } from "./pauses.ts";
import { Subscriber, type SubscriberOptions, type Subscription } from "./subscriber.ts";

export interface StreamingBellOptions extends SubscriberOptions {
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
  readonly #subscriber: Subscriber;
  readonly #listening = new Map<AbortController, Promise<void>>();
  /** Aborts what is still being cancelled when the time for that is over. */
  readonly #end = new AbortController();
  #said: { readonly code: string; readonly atMs: number } | undefined;

  constructor(options: StreamingBellOptions) {
    this.#options = options;
    this.#env = options.env;
    this.#subscriber = new Subscriber(options);
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
    await this.#subscriber.idle();
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
      await this.#subscriber.left(begun.group);
    }
  }

  async #begin(
    listener: Listener,
    folders: SubscribedFolders,
    options: CallOptions,
  ): Promise<Begun> {
    const { id, group } = await this.#subscriber.subscribe(listener.mailbox, folders, options);
    return { id, group, lost: group.listen(id, listener, options) };
  }

  async #unsubscribe(mailbox: Mailbox, subscription: Subscription): Promise<void> {
    const options = { signal: this.#end.signal };
    try {
      await this.#unsubscribing.run(
        () => this.#subscriber.cancel(mailbox, subscription, options),
        options,
      );
    } catch (thrown) {
      if (thrown !== STOPPED) throw thrown; // no time was left; it expires by itself
    }
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
