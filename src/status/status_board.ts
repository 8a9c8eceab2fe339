import type { Clock } from "../core/env.ts";
import type { SyncError } from "../core/errors.ts";
import type { Folder, Mailbox } from "../core/mailbox.ts";
import type {
  BellObserver,
  DeliveryCounts,
  DestinationTrouble,
  FolderStatesView,
  MailboxPhase,
  Observer,
  SourceObserver,
} from "../core/observer.ts";
import { currentOf, laterThrottle, MailboxRecord, type Throttle } from "./mailbox_record.ts";
import type { ServicePhase, ServiceWatcher } from "./service_phase.ts";
import { Throughput } from "./throughput.ts";

/** What one life of the service works on. */
export interface LifeDescription {
  readonly mailboxes: readonly Mailbox[];
  /** Origin of the server, for people. */
  readonly endpoint: string;
  /** Where emails go, for people. */
  readonly destination: string;
  /** Why the server's sign-in is refused for now, if it is. */
  readonly signInRefusal: () => SyncError | undefined;
}

/** A phase of the service, and when it began and its delay ends. */
export type TimedServicePhase = ServicePhase & {
  readonly since: Date;
  readonly until?: Date;
  /** The phase before this one. */
  readonly after?: ServicePhase["name"];
};

/** Why the destination is not used, and when it is probed again. */
export interface TimedTrouble {
  readonly error: SyncError;
  readonly since: Date;
  readonly until: Date;
}

/**
 * What is going on, as far as it can be shown: it watches the engine and the service, and outlives
 * lives of the service within the process. Of a fixed size for each mailbox and folder; nothing is
 * computed until somebody looks.
 */
export class StatusBoard
  implements
    Observer,
    ServiceWatcher,
    Pick<SourceObserver, "throttled">,
    Pick<BellObserver, "listeningChanged"> {
  readonly startedAt: Date;
  readonly throughput = new Throughput();
  readonly #clock: Clock;
  #life: LifeDescription | undefined;
  #records = new Map<string, MailboxRecord>();
  #service: TimedServicePhase;
  #throttle: Throttle | undefined;
  #trouble: TimedTrouble | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.startedAt = clock.now();
    this.#service = { name: "configuring", since: this.startedAt };
  }

  /** Absent before there is a configuration. */
  get life(): LifeDescription | undefined {
    return this.#life;
  }

  /** In the order of the configuration. */
  get records(): readonly MailboxRecord[] {
    return [...this.#records.values()];
  }

  get service(): TimedServicePhase {
    return this.#service;
  }

  /** Of the server as a whole; absent once it is over. */
  get throttle(): Throttle | undefined {
    return currentOf(this.#throttle, this.#clock.now());
  }

  get destinationTrouble(): TimedTrouble | undefined {
    return this.#trouble;
  }

  /** Another life begins: mailboxes that it has, too, keep what was counted. */
  lifeBegan(life: LifeDescription): void {
    const before = this.#records;
    this.#life = life;
    this.#trouble = undefined;
    this.#records = new Map(life.mailboxes.map((mailbox) => {
      const known = before.get(mailbox.address);
      known?.begin(mailbox);
      return [mailbox.address, known ?? new MailboxRecord(mailbox, this.#clock)];
    }));
  }

  servicePhaseChanged(phase: ServicePhase): void {
    const now = this.#clock.now();
    const { delayMs } = { delayMs: undefined, ...phase };
    this.#service = {
      ...phase,
      ...(phase.name === this.#service.name
        ? { since: this.#service.since }
        : { since: now, after: this.#service.name }),
      ...(delayMs === undefined ? {} : { until: new Date(now.getTime() + delayMs) }),
    };
  }

  phaseChanged(mailbox: Mailbox, phase: MailboxPhase): void {
    this.#records.get(mailbox.address)?.enter(phase);
  }

  statesOpened(mailbox: Mailbox, states: FolderStatesView): void {
    this.#records.get(mailbox.address)?.open(states);
  }

  roundStarted(mailbox: Mailbox, folders: readonly Folder[]): void {
    this.#records.get(mailbox.address)?.beginRound(folders);
  }

  settled(mailbox: Mailbox, folder: Folder, counts: DeliveryCounts): void {
    this.#records.get(mailbox.address)?.settle(folder, counts);
    if (counts.delivered === 0) return;
    this.throughput.add(counts.delivered, counts.bytes, this.#clock.monotonicMs());
  }

  passEnded(mailbox: Mailbox, folder: Folder, behind: boolean): void {
    this.#records.get(mailbox.address)?.endPass(folder, behind);
  }

  passFailed(mailbox: Mailbox, folder: Folder, error: SyncError): void {
    this.#records.get(mailbox.address)?.failPass(folder, error);
  }

  destinationChanged(trouble?: DestinationTrouble): void {
    const now = this.#clock.now();
    this.#trouble = trouble && {
      error: trouble.error,
      since: this.#trouble?.since ?? now,
      until: new Date(now.getTime() + trouble.delayMs),
    };
  }

  throttled(error: SyncError, delayMs: number, mailbox?: Mailbox): void {
    if (mailbox) this.#records.get(mailbox.address)?.throttleUntil(error, delayMs);
    else this.#throttle = laterThrottle(this.#throttle, error, delayMs, this.#clock.now());
  }

  listeningChanged(mailbox: Mailbox, isListenedTo: boolean): void {
    this.#records.get(mailbox.address)?.listen(isListenedTo);
  }
}
