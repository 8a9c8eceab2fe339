import { ConnectionCut } from "./http_server.ts";
import type { MailboxStore } from "./mailbox_store.ts";
import type { Arrival } from "./simulated_mailbox.ts";

/** Who spends a throttling budget: the impersonated mailbox, else the account. */
type Budget = string;

/** Something that happened where a subscription hears of it. */
export interface NotifiedEvent {
  readonly subscriptionId: string;
  readonly types: readonly string[];
  readonly arrival: Arrival;
  readonly at: Date;
}

/** What a connection is told next. */
export type Streamed =
  | { readonly kind: "events"; readonly events: readonly NotifiedEvent[] }
  | { readonly kind: "failure"; readonly code: string; readonly subscriptionIds: readonly string[] }
  | { readonly kind: "status"; readonly status: "OK" | "Closed" };

interface Subscription {
  readonly id: string;
  readonly owner: string;
  readonly budget: Budget;
  readonly server: number;
  readonly mailbox: string;
  /** Absent: every folder. */
  readonly folderIds: ReadonlySet<string> | undefined;
  readonly types: ReadonlySet<string>;
  readonly waiting: NotifiedEvent[];
  readonly unwatch: () => void;
}

interface Connection {
  readonly budget: Budget;
  readonly subscriptionIds: Set<string>;
  readonly queue: Streamed[];
  /** Ends what is waited for. */
  wake: () => void;
  end: "running" | "closed" | "cut";
}

export interface SubscribeOptions {
  /** Name of the account. */
  readonly owner: string;
  readonly budget: Budget;
  readonly server: number;
  readonly mailbox: string;
  readonly folderIds: readonly string[] | undefined;
  readonly types: readonly string[];
}

export interface ConnectOptions extends Pick<SubscribeOptions, "owner" | "budget" | "server"> {
  readonly subscriptionIds: readonly string[];
}

/** Name of the cookie by which a front end finds the server of a subscription again. */
const COOKIE = "X-BackEndOverrideCookie";

/**
 * Subscriptions to streaming notifications and the connections that listen for them, with every
 * fault on command. Each mailbox lies on one of `servers`; a subscription lies where it was made.
 */
export class Notifications {
  readonly #store: MailboxStore;
  readonly #now: () => Date;
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #connections = new Set<Connection>();
  #made = 0;
  #turns = 0;

  /** Mailbox servers behind the front end. */
  servers = 1;
  /** Whether requests go to the server their cookie names, as they should. */
  keepsAffinity = true;
  heartbeatMs = 45_000;
  /** EWSMaxSubscriptions and HangingConnectionLimit, for each budget. */
  subscriptionsMax = Infinity;
  connectionsMax = Infinity;
  /** How often an event is told: 0 loses it, 2 tells it twice. */
  copiesOf: (event: NotifiedEvent) => number = () => 1;
  /** Connections opened so far. */
  opened = 0;

  constructor(store: MailboxStore, now: () => Date) {
    this.#store = store;
    this.#now = now;
  }

  /** Subscriptions there are, and those that somebody listens for. */
  get subscribed(): number {
    return this.#subscriptions.size;
  }

  get listenedTo(): number {
    return [...this.#connections].reduce((sum, it) => sum + it.subscriptionIds.size, 0);
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** The server a request is answered by. */
  serverOf(headers: ReadonlyMap<string, string>): number {
    const named = new RegExp(`${COOKIE}=SIM-EX(\\d+)`).exec(headers.get("cookie") ?? "")?.[1];
    if (named !== undefined && this.keepsAffinity) return Number(named) % this.servers;
    const anchor = headers.get("x-anchormailbox")?.toLowerCase() ?? "";
    const place = this.#store.mailboxes().findIndex(({ address }) => address === anchor);
    // Without affinity a load balancer takes turns.
    return (this.keepsAffinity ? Math.max(0, place) : this.#turns++) % this.servers;
  }

  cookieOf(server: number): string {
    return `${COOKIE}=SIM-EX${server}; path=/; secure; HttpOnly`;
  }

  /** Undefined where the budget allows no more. */
  subscribe(options: SubscribeOptions): string | undefined {
    const { budget, mailbox, folderIds, types } = options;
    const used = [...this.#subscriptions.values()].filter((it) => it.budget === budget).length;
    if (used >= this.subscriptionsMax) return undefined;
    const watched = this.#store.mailbox(mailbox)!;
    const id = btoa(`subscription ${++this.#made}`);
    const tell = (arrival: Arrival) => this.#tell(id, arrival);
    watched.watchers.add(tell);
    this.#subscriptions.set(id, {
      ...options,
      id,
      folderIds: folderIds && new Set(folderIds),
      types: new Set(types),
      waiting: [],
      unwatch: () => watched.watchers.delete(tell),
    });
    return id;
  }

  /** False if there is no such subscription. */
  unsubscribe(id: string, owner: string): boolean {
    if (this.#subscriptions.get(id)?.owner !== owner) return false;
    this.#forget(id);
    return true;
  }

  /** Opens a connection; undefined where the budget allows no more. */
  connect({ owner, budget, server, subscriptionIds }: ConnectOptions): Connection | undefined {
    for (const other of this.#connections) this.#takeOver(other, subscriptionIds);
    const used = [...this.#connections].filter((it) => it.budget === budget).length;
    if (used >= this.connectionsMax) return undefined;
    const isThere = (id: string) => {
      const subscription = this.#subscriptions.get(id);
      return subscription?.server === server && subscription.owner === owner;
    };
    const found = subscriptionIds.filter(isThere);
    const missing = subscriptionIds.filter((id) => !isThere(id));
    const connection: Connection = {
      budget,
      subscriptionIds: new Set(found),
      queue: [{ kind: "status", status: "OK" }],
      wake: () => undefined,
      end: found.length === 0 ? "closed" : "running",
    };
    if (missing.length > 0) {
      connection.queue.push(failure("ErrorSubscriptionNotFound", missing));
    }
    for (const id of found) {
      const { waiting } = this.#subscriptions.get(id)!;
      if (waiting.length > 0) connection.queue.push({ kind: "events", events: waiting.splice(0) });
    }
    this.opened++;
    this.#connections.add(connection);
    return connection;
  }

  /** What a connection is told, until either side ends it. */
  async *stream(connection: Connection): AsyncGenerator<Streamed> {
    try {
      for (;;) {
        if (connection.end === "cut") throw new ConnectionCut("The notifications are cut");
        const next = connection.queue.shift();
        if (next) yield next;
        else if (connection.end === "closed") return;
        else await this.#heartbeat(connection);
      }
    } finally {
      this.#connections.delete(connection);
    }
  }

  // Faults

  /** The server says that it has lost count of what happened in a mailbox. */
  missEvents(mailbox: string): void {
    for (const { id } of this.#of(mailbox)) this.#fail(id, "ErrorMissedNotificationEvents");
  }

  /** Subscriptions end, as after a restart of the server's EWS; of one mailbox or all. */
  expire(mailbox?: string): void {
    const expired = mailbox ? this.#of(mailbox) : [...this.#subscriptions.values()];
    for (const { id } of expired) {
      this.#fail(id, "ErrorExpiredSubscription");
      this.#forget(id);
    }
  }

  /** Connections break in the middle. */
  cut(): void {
    this.#end("cut");
  }

  /** Connections are closed as when their time is over. */
  close(): void {
    for (const { queue } of this.#connections) queue.push({ kind: "status", status: "Closed" });
    this.#end("closed");
  }

  #end(end: "closed" | "cut"): void {
    for (const connection of this.#connections) {
      connection.end = end;
      connection.wake();
    }
  }

  #of(mailbox: string): readonly Subscription[] {
    return [...this.#subscriptions.values()].filter((it) => it.mailbox === mailbox);
  }

  #forget(id: string): void {
    this.#subscriptions.get(id)?.unwatch();
    this.#subscriptions.delete(id);
    for (const { subscriptionIds } of this.#connections) subscriptionIds.delete(id);
  }

  #fail(id: string, code: string): void {
    for (const connection of this.#connections) {
      if (!connection.subscriptionIds.has(id)) continue;
      connection.queue.push(failure(code, [id]));
      connection.wake();
    }
  }

  #tell(id: string, arrival: Arrival): void {
    const subscription = this.#subscriptions.get(id)!;
    if (subscription.folderIds?.has(arrival.folderId) === false) return;
    const types = arrival.types.filter((type) => subscription.types.has(type));
    if (types.length === 0) return;
    const event = { subscriptionId: id, types, arrival, at: this.#now() };
    const events = Array.from({ length: this.copiesOf(event) }, () => event);
    const listening = [...this.#connections].find((it) => it.subscriptionIds.has(id));
    if (!listening) return void subscription.waiting.push(...events);
    if (events.length > 0) listening.queue.push({ kind: "events", events });
    listening.wake();
  }

  /** Whoever listens for a subscription is told when somebody else begins to. */
  #takeOver(connection: Connection, subscriptionIds: readonly string[]): void {
    const taken = subscriptionIds.filter((id) => connection.subscriptionIds.delete(id));
    if (taken.length === 0) return;
    connection.queue.push(failure("ErrorNewEventStreamConnectionOpened", taken));
    if (connection.subscriptionIds.size === 0) {
      connection.end = "closed";
      // Its client has most likely gone; it counts no longer.
      this.#connections.delete(connection);
    }
    connection.wake();
  }

  async #heartbeat(connection: Connection): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      connection.queue.push({ kind: "status", status: "OK" });
      resolve();
    }, this.heartbeatMs);
    connection.wake = resolve;
    await promise;
    clearTimeout(timer);
  }
}

function failure(code: string, subscriptionIds: readonly string[]): Streamed {
  return { kind: "failure", code, subscriptionIds };
}
