import { backoffMs } from "../../core/backoff.ts";
import type { CallOptions, Env } from "../../core/env.ts";
import { SyncError, syncErrorOf } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Mailbox } from "../../core/mailbox.ts";
import type { BellObserver } from "../../core/observer.ts";
import type { EwsClient } from "../client.ts";
import { getStreamingEvents, type StreamedMessage } from "../operations/get_streaming_events.ts";
import type { Affinity } from "./affinity.ts";
import { pausesAfter } from "./pauses.ts";

/** A mailbox that is to be told of what arrives. */
export interface Listener {
  readonly mailbox: Mailbox;
  ring(): void;
  /** Whether the server tells of what arrives in the mailbox now. */
  listeningChanged(isListenedTo: boolean): void;
}

export interface GroupOptions {
  readonly client: EwsClient;
  readonly env: Env;
  readonly observer: BellObserver | undefined;
  readonly affinity: Affinity;
}

interface Member {
  readonly listener: Listener;
  /** Whether its subscription has been on a connection since the last failure. */
  isConnected: boolean;
  readonly lose: (error: SyncError) => void;
}

/** A connection is given up because the subscriptions on it are others now. */
const REGROUP = new Error("The group has changed");

/** Failures of subscriptions: they are to be made anew. */
const LOST_CODES: ReadonlySet<string> = new Set([
  "ErrorEventNotFound",
  "ErrorExpiredSubscription",
  "ErrorInvalidSubscription",
  "ErrorReadEventsFailed",
  "ErrorSubscriptionAccessDenied",
  "ErrorSubscriptionNotFound",
  "ErrorSubscriptionUnsubscribed",
]);

/**
 * Subscriptions that lie on one server, and the one connection that listens for all of them. While it
 * is lost it is opened anew at growing pauses; what the server says of one subscription goes to
 * whoever has it.
 */
export class ListeningGroup {
  readonly affinity: Affinity;
  readonly #options: GroupOptions;
  /** By subscription id. */
  readonly #members = new Map<string, Member>();
  /** The connection that is open or being opened. */
  #connection: AbortController | undefined;
  /** The pause after a failure. */
  #pause: AbortController | undefined;
  #running: Promise<void> | undefined;
  #failures = 0;
  #isInterrupted = false;

  constructor(options: GroupOptions) {
    this.#options = options;
    this.affinity = options.affinity;
  }

  get size(): number {
    return this.#members.size;
  }

  /** Resolves, always, once nobody is left and the connection is closed. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /**
   * Listens for a subscription until it is lost, and resolves with why. Rejects with the signal's
   * reason; what becomes of the subscription is the caller's business, then as ever.
   */
  async listen(
    subscriptionId: string,
    listener: Listener,
    { signal }: CallOptions,
  ): Promise<SyncError> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<SyncError>();
    const leave = () => reject(signal.reason);
    signal.addEventListener("abort", leave, { once: true });
    const lose = (error: SyncError) => {
      this.#remove(subscriptionId);
      resolve(error);
    };
    this.#members.set(subscriptionId, { listener, isConnected: false, lose });
    if (this.#connection) this.#regroupSoon(this.#connection);
    this.#running ??= this.#run().finally(() => this.#running = undefined);
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", leave);
      this.#remove(subscriptionId);
    }
  }

  #remove(subscriptionId: string): void {
    const member = this.#members.get(subscriptionId);
    if (!member) return;
    this.#members.delete(subscriptionId);
    if (member.isConnected) member.listener.listeningChanged(false);
    if (this.#members.size > 0) return;
    this.#connection?.abort(REGROUP);
    this.#pause?.abort(REGROUP);
  }

  /** Nobody can join a connection that is open. */
  #regroupSoon(connection: AbortController): void {
    this.#options.env.clock.sleep(LIMITS.regroupMs, { signal: connection.signal }).then(
      () => connection.abort(REGROUP),
      () => undefined, // it has ended meanwhile
    );
  }

  async #run(): Promise<void> {
    while (this.#members.size > 0) {
      const startedMs = this.#nowMs;
      const error = await this.#untilEnded();
      if (this.#nowMs - startedMs >= LIMITS.listeningSteadyMs) this.#failures = 0;
      if (error) await this.#recover(error);
    }
  }

  /** One connection from its opening to its end; resolves with the failure that ended it. */
  async #untilEnded(): Promise<SyncError | undefined> {
    const connection = new AbortController();
    this.#connection = connection;
    try {
      await this.#listenOn(connection.signal);
      return undefined;
    } catch (thrown) {
      return thrown === REGROUP ? undefined : syncErrorOf(thrown);
    } finally {
      this.#connection = undefined;
      connection.abort(REGROUP);
    }
  }

  async #listenOn(signal: AbortSignal): Promise<void> {
    const startedMs = this.#nowMs;
    const subscriptionIds = [...this.#members.keys()];
    const operation = getStreamingEvents({
      subscriptionIds,
      connectionMinutes: LIMITS.listeningMinutes,
    });
    const messages = await this.#options.client.hang(this.#speaker(), operation, {
      signal,
      affinity: this.affinity,
      silenceMsMax: LIMITS.listeningSilenceMsMax,
    });
    this.#connected(subscriptionIds);
    for await (const message of messages) {
      this.#take(message);
      // As it was asked to; but not at once.
      if (message.closed && this.#nowMs - startedMs >= LIMITS.listeningSteadyMs) return;
    }
    signal.throwIfAborted();
    throw new SyncError("retryable", "StreamEnded", "The server has ended the notifications", {
      hint: "Nothing, if this passes: a server that is restarted does so",
    });
  }

  /**
   * As whom the connection is opened: with impersonation it counts against that mailbox's limit of
   * hanging connections, so that after a failure it is another one's turn.
   */
  #speaker(): Mailbox {
    const members = [...this.#members.values()];
    return members[this.#failures % members.length]!.listener.mailbox;
  }

  #connected(subscriptionIds: readonly string[]): void {
    if (this.#isInterrupted) {
      this.#isInterrupted = false;
      this.#options.observer?.reconnected();
      this.#options.env.log.info("Notifications arrive again.", { mailboxes: this.size });
    }
    for (const id of subscriptionIds) {
      const member = this.#members.get(id);
      if (!member || member.isConnected) continue;
      member.isConnected = true;
      member.listener.listeningChanged(true);
      // Of what has arrived before nobody may have been told.
      member.listener.ring();
    }
  }

  #take({ notified, failure }: StreamedMessage): void {
    for (const id of notified) this.#members.get(id)?.listener.ring();
    if (!failure) return;
    const { error, subscriptionIds } = failure;
    if (subscriptionIds.length === 0) throw error;
    for (const id of subscriptionIds) {
      const member = this.#members.get(id);
      // The subscription goes on after that.
      if (error.code === "ErrorMissedNotificationEvents") member?.listener.ring();
      else member?.lose(error);
    }
  }

  /** Waits until the connection is to be opened again, or gives the subscriptions up. */
  async #recover(error: SyncError): Promise<void> {
    const { env: { clock, entropy, log } } = this.#options;
    for (const member of this.#members.values()) {
      if (member.isConnected) member.listener.listeningChanged(false);
      member.isConnected = false;
      if (error.kind !== "retryable" || LOST_CODES.has(error.code)) member.lose(error);
    }
    if (this.#members.size === 0) return;
    const delayMs = (error.retryAfterMs ?? 0) +
      backoffMs(this.#failures++, pausesAfter(error), entropy);
    if (!this.#isInterrupted || delayMs >= LIMITS.failureSaidAgainMs) {
      log.warn("Notifications are interrupted; mailboxes are polled.", {
        mailboxes: this.size,
        code: error.code,
        reason: error.message,
        hint: error.hint,
        delayMs,
      });
    }
    this.#isInterrupted = true;
    this.#pause = new AbortController();
    try {
      await clock.sleep(delayMs, { signal: this.#pause.signal });
    } catch (thrown) {
      if (thrown !== REGROUP) throw thrown; // nobody is left
    } finally {
      this.#pause = undefined;
    }
  }

  get #nowMs(): number {
    return this.#options.env.clock.monotonicMs();
  }
}
