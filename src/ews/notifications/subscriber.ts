import type { CallOptions, Env } from "../../core/env.ts";
import { SyncError, syncErrorOf } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Mailbox } from "../../core/mailbox.ts";
import type { BellObserver } from "../../core/observer.ts";
import { withinDeadline } from "../../core/within_deadline.ts";
import type { EwsClient } from "../client.ts";
import type { Operation } from "../operation.ts";
import { subscribe, type SubscribedFolders } from "../operations/subscribe.ts";
import { unsubscribe } from "../operations/unsubscribe.ts";
import { Affinity } from "./affinity.ts";
import { ListeningGroup } from "./listening_group.ts";

export interface SubscriberOptions {
  readonly client: EwsClient;
  readonly env: Env;
  readonly observer?: BellObserver;
  /** Whether all subscriptions count against one limit: that of the account. */
  readonly sharesLimit: boolean;
}

/** A subscription, and the group on whose server it lies. */
export interface Subscription {
  readonly id: string;
  readonly group: ListeningGroup;
}

/**
 * Makes and cancels subscriptions, so that as many as possible lie on the same servers: which one that
 * is, is decided by the first of them, and said by the answers.
 */
export class Subscriber {
  readonly #options: SubscriberOptions;
  readonly #groups = new Set<ListeningGroup>();
  /** The account has as many subscriptions as it may, until that time on the monotonic clock. */
  #full: { readonly error: SyncError; readonly untilMs: number } | undefined;

  constructor(options: SubscriberOptions) {
    this.#options = options;
  }

  /** Subscribes one mailbox; to be called for one at a time. Rejects as `EwsClient.attempt` does. */
  async subscribe(
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

  /** Cancels a subscription, as far as that can be done: else it expires by itself. */
  async cancel(
    mailbox: Mailbox,
    { id, group }: Subscription,
    options: CallOptions,
  ): Promise<void> {
    await this.#cancel(mailbox, id, { ...options, affinity: group.affinity });
  }

  /** Somebody has left a group; it is forgotten when it was the last one. */
  async left(group: ListeningGroup): Promise<void> {
    if (group.size > 0) return;
    await group.idle();
    if (group.size === 0) this.#groups.delete(group);
  }

  /** Resolves once nobody is left in any group. */
  async idle(): Promise<void> {
    await Promise.all([...this.#groups].map((group) => group.idle()));
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
      return { id, group: this.#add(affinity) };
    }
    await this.#cancel(mailbox, id, { ...options, affinity });
    throw exhausted();
  }

  #add(affinity: Affinity): ListeningGroup {
    const { client, env, observer } = this.#options;
    const group = new ListeningGroup({ client, env, observer, affinity });
    this.#groups.add(group);
    return group;
  }

  async #cancel(mailbox: Mailbox, id: string, options: RoutedOptions): Promise<void> {
    try {
      await this.#attempt(mailbox, unsubscribe(id), options);
    } catch (thrown) {
      options.signal.throwIfAborted();
      this.#options.env.log.debug("Subscription was not cancelled.", {
        mailbox: mailbox.address,
        code: syncErrorOf(thrown).code,
      });
    }
  }

  /** Sends a short request, which nobody else has to wait for longer than its deadline. */
  async #attempt<T>(
    mailbox: Mailbox,
    operation: Operation<T>,
    { signal, affinity }: RoutedOptions,
  ): Promise<T> {
    const { client, env } = this.#options;
    const { value } = await withinDeadline(
      (call) => client.attempt(mailbox, operation, { ...call, affinity }),
      LIMITS.subscribeMsMax,
      { clock: env.clock, signal, error: tooSlow },
    );
    return value;
  }

  #checkLimit(): void {
    const full = this.#full;
    if (full && this.#options.env.clock.monotonicMs() < full.untilMs) throw full.error;
    this.#full = undefined;
  }

  #noteLimit(error: SyncError): void {
    const { sharesLimit, env } = this.#options;
    if (!sharesLimit || !isLimit(error)) return;
    this.#full = { error, untilMs: env.clock.monotonicMs() + LIMITS.subscriptionLimitHoldMs };
  }
}

interface RoutedOptions extends CallOptions {
  readonly affinity: Affinity;
}

function hasRoom({ size }: ListeningGroup): boolean {
  return size < LIMITS.subscriptionsPerConnectionMax;
}

function isLimit({ code }: SyncError): boolean {
  return code === "ErrorExceededSubscriptionCount";
}

function exhausted(): SyncError {
  return new SyncError(
    "mailbox",
    "ListeningConnectionsExhausted",
    `Mailboxes lie on more servers than ${LIMITS.listeningConnectionsMax} connections listen to`,
    { hint: "Nothing has to be done, the mailbox is polled; more shards listen to more servers" },
  );
}

function tooSlow(): SyncError {
  return new SyncError("retryable", "SubscribeTimeout", "Exchange does not answer in time", {
    hint: "Wait; if this lasts, look at the load of the Exchange servers (Get-ServerHealth)",
  });
}
