import type { Env } from "../../src/core/env.ts";
import { LIMITS } from "../../src/core/limits.ts";
import type { Mailbox } from "../../src/core/mailbox.ts";
import type { MailSource } from "../../src/core/ports.ts";
import type { SourceApi } from "../../src/core/sync_state.ts";
import { createExchangeSource } from "../../src/ews/exchange_source.ts";
import type { SyncSettings } from "../../src/sync/engine.ts";
import { createGraphSource } from "../../src/graph/graph_source.ts";
import type { Damage } from "../exchange/damage.ts";
import { type ExpectedEmail, expectedEmails } from "../exchange/expected_emails.ts";
import type { Item } from "../exchange/items.ts";
import { MailboxStore } from "../exchange/mailbox_store.ts";
import { seededEntropy } from "../exchange/seeded_entropy.ts";
import { graphId } from "../graph/graph_ids.ts";
import { DurableDestination } from "./durable_destination.ts";
import { exchangeInProcess } from "./exchange_in_process.ts";
import { expectedKey } from "./expected_key.ts";
import { FaultDice } from "./fault_dice.ts";
import { GRAPH_ORIGIN, GRAPH_TOKEN, graphInProcess } from "./graph_in_process.ts";
import { untruthOf } from "./honest_progress.ts";
import { Journal } from "./journal.ts";
import { MachineClock } from "./machine_clock.ts";
import { CONTENT, MailboxLife } from "./mailbox_life.ts";
import type { NetworkFault } from "./network_faults.ts";
import type { Seen } from "./seen.ts";
import { type InProcessServer, SimulatedNetwork } from "./simulated_network.ts";
import { type ProcessLife, type SimulatedProcess, startProcess } from "./simulated_process.ts";
import { StoreTrouble } from "./store_trouble.ts";
import { pick, type Swarm, swarmOf } from "./swarm.ts";
import type { Violation } from "./violation.ts";
import { VirtualClock } from "./virtual_clock.ts";

/** How many things happen to the mailboxes before the appliance runs, and while it does. */
const EVENTS_BEFORE = 30;
const EVENTS = 200;
const EVENT_PAUSE_MS_MAX = 12_000;

/** Several times what a run needs; one in 500, in which folders multiply, needs over 10,000. */
const REQUESTS_MAX = 30_000;

const HOUR_MS = 3_600_000;
const OUTAGE_MS = 70 * 60_000;
/** The longest anything may still wait for when it has become calm, and a few rounds more. */
const CALM_MS = 20 * 60_000;
/** Polls are rarer then: nothing happens any more. */
const CALM_POLL_MS = 4 * 60_000;
/** A folder of which nothing tells is asked once in this, and there are a few polls more. */
const FEW_POLLS_MS = LIMITS.unaskedFolderMsMax + 2.5 * CALM_POLL_MS;

const ADDRESSES = ["a@corp.example", "b@corp.example"];

/** An email that is in a mailbox at the end. */
export interface FinalEmail extends ExpectedEmail {
  /** The item's id as it was shown last. */
  readonly shownId: string;
  /** What cannot be read of it; absent: nothing. */
  readonly damage?: Damage;
}

/** What a run came to. */
export interface Outcome {
  readonly destination: DurableDestination;
  readonly mailboxes: readonly string[];
  /** Through which mailboxes were read last. */
  readonly api: SourceApi;
  /** What has to be in the destination, or on the record of skips where it cannot be read. */
  readonly emails: readonly FinalEmail[];
  /** The keys of all emails there ever were. */
  readonly keys: ReadonlySet<string>;
  /** What may stand in no log. */
  readonly secrets: readonly string[];
  /** Properties that were seen not to hold on the way. */
  readonly offences: readonly Violation[];
  readonly seen: Seen;
  readonly log: readonly string[];
}

/**
 * Runs the appliance, its engine and both sources with their codecs as shipped, against the simulated
 * Exchange and Graph on virtual time. Mail arrives and moves, its store is damaged and mended, servers,
 * the network and the destination fail, the clock is set, the process is killed, the api through which
 * it reads changes; all by chance from one seed, in which each kind of fault either occurs or not. In
 * the end it is calm, and skipped emails are tried once more.
 */
export async function simulate(seed: number): Promise<Outcome> {
  const world = new World(seed);
  await world.clock.runUntil(world.live());
  return world.outcome();
}

class World {
  readonly clock = new VirtualClock(new Date("2026-01-01T00:00:00Z"));
  readonly #machine = new MachineClock(this.clock);
  readonly #journal = new Journal(this.clock);
  readonly #chance: ReturnType<typeof seededEntropy>;
  readonly #swarm: Swarm;
  readonly #dice: FaultDice;
  readonly #store: MailboxStore;
  readonly #lives: readonly MailboxLife[];
  readonly #troubles: readonly StoreTrouble[];
  readonly #destination = new DurableDestination();
  /** By immutable id: the content of an email changes, and its header never. */
  readonly #keys = new Map<string, string>();
  #api: SourceApi = "ews";
  #requests = 0;

  constructor(seed: number) {
    const chance = seededEntropy(seed);
    const swarm = swarmOf(chance);
    this.#chance = chance;
    this.#swarm = swarm;
    this.#dice = new FaultDice({
      chance,
      swarm,
      seen: this.#journal.seen,
      log: (line) => this.#journal.note(line),
    });
    this.#store = new MailboxStore({ clock: this.clock, entropy: seededEntropy(seed + 1) });
    const mailboxes = ADDRESSES.map((address) => this.#store.addMailbox(address));
    for (const mailbox of mailboxes) mailbox.sayOfFolders(swarm.candour);
    this.#journal.event(`folders are ${swarm.candour}`);
    const now = () => this.clock.now();
    const changesContent = swarm.disturbance === "content";
    this.#lives = mailboxes.map((mailbox) =>
      new MailboxLife(mailbox, { entropy: chance, now, changesContent })
    );
    this.#troubles = mailboxes.map((mailbox) =>
      new StoreTrouble(mailbox, { entropy: chance, kinds: swarm.troubles })
    );
    this.#destination.fault = () => this.#dice.destination();
    this.#destination.onState = (address, state) => {
      // What an operator leaves out is not settled, and nobody says that it is.
      if (swarm.disturbance === "operator") return;
      const isStored = (item: Item) => this.#destination.emails.has(this.#keyOf(address, item));
      const details = untruthOf(state, this.#store.mailbox(address)!, isStored);
      if (details) this.#journal.offence({ property: "P4", details });
    };
  }

  /** Everything that happens, from the first event to the end of the calm. */
  async live(): Promise<void> {
    const [swarm, lives, troubles] = [this.#swarm, this.#lives, this.#troubles];
    for (const life of lives) life.stock();
    for (let n = 0; n < EVENTS_BEFORE; n++) lives[n % lives.length]!.happen();
    let process = this.#start(this.#settings());
    for (let n = 0; n < EVENTS; n++) {
      await this.#pause(EVENT_PAUSE_MS_MAX * this.#chance.next());
      lives[n % lives.length]!.happen();
      if (this.#isDue(swarm.troubleRate)) {
        this.#journal.event(troubles[n % lives.length]!.happen() ?? "no trouble");
      }
      if (this.#isDue(swarm.clockRate)) this.#setClock();
      const isCrashing = this.#isDue(swarm.crashRate);
      const isSwitching = this.#isDue(swarm.switchRate);
      if (!isCrashing && !isSwitching) continue;
      this.#journal.event("crash");
      process.crash();
      await this.#stayDown();
      if (isSwitching) this.#switchApi();
      process = this.#start(this.#settings());
    }
    process.crash();
    await this.#calmDown();
  }

  async #calmDown(): Promise<void> {
    this.#dice.calm();
    if (this.#swarm.switchRate > 0 && this.#isDue(0.5)) this.#switchApi();
    if (this.#swarm.isMendedInTheEnd) this.#mendAll();
    const process = this.#start({}, {
      retrySkipped: true,
      pollFrequencyMs: CALM_POLL_MS,
    });
    await this.#pause(CALM_MS);
    const fresh = this.#lives.map((life) => life.arrive());
    await this.#pause(FEW_POLLS_MS);
    for (const [index, item] of fresh.entries()) {
      const address = ADDRESSES[index]!;
      if (this.#destination.emails.has(this.#keyOf(address, item))) continue;
      this.#journal.offence({ property: "P6", details: `a new email of ${address} does not come` });
    }
    await process.stop();
  }

  outcome(): Outcome {
    const damages = new Map(this.#troubles.flatMap((trouble) => [...trouble.damages()]));
    this.#mendAll();
    const { offences, seen, lines } = this.#journal;
    return {
      destination: this.#destination,
      mailboxes: ADDRESSES,
      api: this.#api,
      emails: expectedEmails(this.#store).map((email) => {
        const { id, immutableId } = email.item;
        const damage = damages.get(id);
        const shownId = this.#api === "ews" ? id : graphId(immutableId);
        return { ...email, shownId, ...(damage ? { damage } : {}) };
      }),
      keys: new Set(
        this.#lives.flatMap(({ arrived }, index) =>
          arrived.map((item) => this.#keyOf(ADDRESSES[index]!, item))
        ),
      ),
      secrets: [CONTENT, GRAPH_TOKEN],
      offences,
      seen,
      log: lines,
    };
  }

  /** What the operator has in the config at the moment, beside the mailbox itself. */
  #settings(): Partial<Mailbox> {
    if (this.#swarm.disturbance !== "operator") return {};
    const ageMs = Math.floor(this.#chance.next() * 12 * HOUR_MS);
    const startTimestamp = new Date(this.clock.now().getTime() - ageMs);
    return pick<Partial<Mailbox>>(this.#chance, [
      {},
      { startTimestamp },
      { folders: { allow: [["Inbox"]] } },
      { folders: { deny: [["Inbox"], ["Deleted Items"]] }, startTimestamp },
    ]);
  }

  /** Now and then so long that what came before is older than any overlap. */
  async #stayDown(): Promise<void> {
    if (this.#swarm.disturbance !== "outages" || this.#isDue(0.6)) return;
    this.#journal.event("outage");
    await this.#pause(OUTAGE_MS * (1 + this.#chance.next()));
  }

  #setClock(): void {
    this.#machine.set(Math.round((this.#chance.next() - 0.5) * 24 * HOUR_MS));
    this.#journal.event("clock set");
  }

  #switchApi(): void {
    this.#api = this.#api === "ews" ? "graph" : "ews";
    this.#journal.event(`switch to ${this.#api}`);
    this.#journal.note(`read through ${this.#api} from now on`);
  }

  #mendAll(): void {
    for (const trouble of this.#troubles) trouble.mendAll();
  }

  #start(
    settings: Partial<Mailbox>,
    engine: Partial<Pick<SyncSettings, "retrySkipped" | "pollFrequencyMs">> = {},
  ): SimulatedProcess {
    const env: Env = {
      clock: this.#machine,
      entropy: this.#chance,
      log: this.#journal.logger(),
    };
    const bucket = { owner: "owner", name: "bucket" };
    return startProcess({
      mailboxes: ADDRESSES.map((address) =>
        ({ address, bucket, startFrom: "bucket", ...settings }) as const
      ),
      settings: engine,
      destination: this.#destination,
      sourceOf: (life) => this.#sourceOf(life, env),
      env,
      onPhase: (name) => this.#journal.event(name),
      onDeath: (reason) => this.#journal.lines.push(`ended: ${reason}`),
    });
  }

  #sourceOf(life: ProcessLife, env: Env): MailSource {
    if (this.#api === "graph") {
      const transport = this.#networkOf(life, this.#graph());
      return createGraphSource({ transport, endpoint: new URL(GRAPH_ORIGIN), env });
    }
    const fault = (operation: string) => this.#dice.exchange(operation);
    return createExchangeSource({
      transport: this.#networkOf(life, exchangeInProcess({ store: this.#store, fault })),
      endpoint: new URL("https://exchange.corp.example/EWS/Exchange.asmx"),
      accessType: "impersonation",
      env,
    });
  }

  #graph(): InProcessServer {
    return graphInProcess({
      store: this.#store,
      clock: this.clock,
      entropy: this.#chance,
      fault: (operation) => this.#dice.graph(operation),
    });
  }

  #networkOf(process: ProcessLife, server: InProcessServer): SimulatedNetwork {
    return new SimulatedNetwork({
      server,
      process,
      clock: this.clock,
      entropy: this.#chance,
      fault: () => this.#amidRequest(),
      onOffence: (what, details) =>
        this.#journal.offence({ property: what === "too early" ? "P7" : "P8", details }),
    });
  }

  /** What happens while a request is on its way; a process that goes on asking for ever is ended. */
  #amidRequest(): NetworkFault | undefined {
    if (++this.#requests > REQUESTS_MAX) throw new Error("There is no end of requests");
    if (this.#dice.isRolling && this.#isDue(this.#swarm.haste)) {
      pick(this.#chance, this.#lives).happen();
    }
    return this.#dice.network();
  }

  #keyOf(address: string, item: Item): string {
    const name = `${address} ${item.immutableId}`;
    const key = this.#keys.get(name) ?? expectedKey(address, item);
    this.#keys.set(name, key);
    return key;
  }

  #isDue(rate: number): boolean {
    return this.#chance.next() < rate;
  }

  async #pause(ms: number): Promise<void> {
    await this.clock.sleep(ms, { signal: new AbortController().signal });
  }
}
