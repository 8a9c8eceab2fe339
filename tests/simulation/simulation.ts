import type { Env, LogFields, Logger } from "../../src/core/env.ts";
import { emailIdOf, storageKeyOf } from "../../src/core/email.ts";
import type { Mailbox } from "../../src/core/mailbox.ts";
import { decodeMimeHeader } from "../../src/core/mime_header.ts";
import type { SourceApi } from "../../src/core/sync_state.ts";
import { createExchangeSource } from "../../src/ews/exchange_source.ts";
import { AccessRights, type Account } from "../exchange/access_rights.ts";
import { exchangeService } from "../exchange/ews/exchange_service.ts";
import type { Damage } from "../exchange/damage.ts";
import { type ExpectedEmail, expectedEmails } from "../exchange/expected_emails.ts";
import type { Fault } from "../exchange/faults.ts";
import { MailboxStore } from "../exchange/mailbox_store.ts";
import { bytesOf } from "../exchange/mime_source.ts";
import { seededEntropy } from "../exchange/seeded_entropy.ts";
import { type DestinationFault, DurableDestination } from "./durable_destination.ts";
import { faultsByPlace } from "./exchange_faults.ts";
import { ImmutableIds } from "./immutable_ids.ts";
import { inProcessTransport, NETWORK_FAULTS, type NetworkFault } from "./in_process_transport.ts";
import { MailboxLife } from "./mailbox_life.ts";
import { OtherApiSource } from "./other_api_source.ts";
import { type SimulatedProcess, startProcess } from "./simulated_process.ts";
import { StoreTrouble, TROUBLES } from "./store_trouble.ts";
import { VirtualClock } from "./virtual_clock.ts";

/** How many things happen to the mailboxes while the appliance runs. */
const EVENTS = 200;
const EVENT_PAUSE_MS_MAX = 20_000;

const ACCOUNT: Account = {
  user: "svc",
  domain: "CORP",
  principalName: "svc@corp.example",
  password: "unused",
};

const ADDRESSES = ["a@corp.example", "b@corp.example"];

const OUTAGE_MS = 70 * 60_000;

/**
 * What a run has of these, one alone. An email whose content changes where it lies keeps what is stored
 * of it while settings leave it out, or nobody looks for an hour (spec section 3).
 */
type Disturbance = "content" | "operator" | "outages";

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
  /** What has to be in the destination, or on the record of skips where it cannot be read. */
  readonly emails: readonly FinalEmail[];
  /** How often each fault and reaction was seen. */
  readonly seen: ReadonlyMap<string, number>;
  readonly log: readonly string[];
}

/**
 * Runs the appliance, its engine and codecs as shipped, against the simulated Exchange on virtual
 * time. Mail arrives and moves, its store is damaged and mended, Exchange, the network and the
 * destination fail, the process is killed, the api through which it reads changes; all by chance from one seed, in which each kind of fault
 * either occurs or not. In the end it is calm, and skipped emails are tried once more.
 */
export async function simulate(seed: number): Promise<Outcome> {
  const world = new World(seed);
  await world.clock.runUntil(world.live());
  return world.outcome();
}

class World {
  readonly clock = new VirtualClock(new Date("2026-01-01T00:00:00Z"));
  readonly #chance: ReturnType<typeof seededEntropy>;
  readonly #store: MailboxStore;
  readonly #destination = new DurableDestination();
  readonly #seen = new Map<string, number>();
  readonly #log: string[] = [];
  readonly #networkFaults: readonly NetworkFault[];
  readonly #faultRate: number;
  /** Of requests that Exchange fails in one of the ways of its table. */
  readonly #exchangeFaultRate: number;
  readonly #troubles: readonly StoreTrouble[];
  readonly #troubleRate: number;
  readonly #isMendedInTheEnd: boolean;
  readonly #crashRate: number;
  /** How often the mailboxes begin to be read through the other api. */
  readonly #switchRate: number;
  readonly #immutableIds: ImmutableIds;
  #api: SourceApi = "ews";
  readonly #disturbance: Disturbance;
  #calm = false;

  constructor(seed: number) {
    this.#chance = seededEntropy(seed);
    this.#store = new MailboxStore({ clock: this.clock, entropy: seededEntropy(seed + 1) });
    for (const address of ADDRESSES) this.#store.addMailbox(address);
    this.#networkFaults = NETWORK_FAULTS.filter(() => this.#chance.next() < 0.5);
    this.#faultRate = this.#chance.next() * 0.15;
    this.#crashRate = this.#chance.next() * 0.05;
    this.#disturbance = this.#pick(["content", "content", "operator", "operator", "outages"]);
    const destinationFaults = (["refused", "answer lost"] as const)
      .filter(() => this.#chance.next() < 0.5);
    this.#exchangeFaultRate = this.#chance.next() < 0.6 ? this.#chance.next() * 0.05 : 0;
    const kinds = TROUBLES.filter(() => this.#chance.next() < 0.6);
    this.#troubles = this.#store.mailboxes().map((mailbox) =>
      new StoreTrouble(mailbox, { entropy: this.#chance, kinds })
    );
    this.#troubleRate = this.#chance.next() * 0.5;
    this.#isMendedInTheEnd = this.#chance.next() < 0.5;
    const isSwitching = this.#disturbance === "outages" || this.#chance.next() < 0.5;
    this.#switchRate = isSwitching ? this.#chance.next() * 0.05 : 0;
    this.#immutableIds = new ImmutableIds(this.#store);
    this.#destination.fault = () => this.#pickFault<DestinationFault>(destinationFaults);
  }

  /** Everything that happens, from the first event to the end of the calm. */
  async live(): Promise<void> {
    const lives = this.#store.mailboxes().map((mailbox) =>
      new MailboxLife(mailbox, {
        entropy: this.#chance,
        now: () => this.clock.now(),
        changesContent: this.#disturbance === "content",
      })
    );
    for (let n = 0; n < 30; n++) {
      lives[n % lives.length]!.happen();
      this.#immutableIds.observe();
    }
    let process = this.#start(this.#settings());
    for (let n = 0; n < EVENTS; n++) {
      await this.#pause(EVENT_PAUSE_MS_MAX * this.#chance.next());
      lives[n % lives.length]!.happen();
      this.#immutableIds.observe();
      if (this.#chance.next() < this.#troubleRate) {
        this.#count(this.#troubles[n % lives.length]!.happen() ?? "no trouble");
      }
      if (this.#chance.next() < this.#crashRate) {
        this.#count("crash");
        process.crash();
        await this.#stayDown();
        process = this.#start(this.#settings());
      }
      if (this.#chance.next() < this.#switchRate) {
        process.crash();
        await this.#stayDown();
        this.#switchApi();
        process = this.#start(this.#settings());
      }
    }
    process.crash();
    this.#calm = true;
    if (this.#switchRate > 0 && this.#chance.next() < 0.5) this.#switchApi();
    if (this.#isMendedInTheEnd) this.#mendAll();
    process = this.#start({}, { retrySkipped: true });
    // The longest anything may still wait for, and a few rounds more.
    await this.#pause(20 * 60_000);
    await process.stop();
  }

  outcome(): Outcome {
    const damages = new Map(this.#troubles.flatMap((trouble) => [...trouble.damages()]));
    this.#mendAll();
    return {
      destination: this.#destination,
      mailboxes: ADDRESSES,
      emails: expectedEmails(this.#store).map((email) => {
        const { item } = email;
        const damage = damages.get(item.id);
        const shownId = this.#api === "ews"
          ? item.id
          : this.#immutableIds.itemIdOf(mailboxOf(email.mailbox, {}), item.id);
        return { ...email, shownId, ...(damage ? { damage } : {}) };
      }),
      seen: this.#seen,
      log: this.#log,
    };
  }

  /** What the operator has in the config at the moment, beside the mailbox itself. */
  #settings(): Partial<Mailbox> {
    if (this.#disturbance !== "operator") return {};
    const ageMs = Math.floor(this.#chance.next() * 12 * 3_600_000);
    const startTimestamp = new Date(this.clock.now().getTime() - ageMs);
    const choices: readonly Partial<Mailbox>[] = [
      {},
      { startTimestamp },
      { folders: { allow: [["Inbox"]] } },
      { folders: { deny: [["Inbox"], ["Deleted Items"]] }, startTimestamp },
    ];
    return this.#pick(choices);
  }

  /** Now and then so long that what came before is older than any overlap. */
  async #stayDown(): Promise<void> {
    if (this.#disturbance !== "outages" || this.#chance.next() < 0.6) return;
    this.#count("outage");
    await this.#pause(OUTAGE_MS * (1 + this.#chance.next()));
  }

  #switchApi(): void {
    this.#api = this.#api === "ews" ? "graph" : "ews";
    this.#count("switch");
    this.#log.push(`${this.clock.now().toISOString()} read through ${this.#api} from now on`);
  }

  #mendAll(): void {
    for (const trouble of this.#troubles) trouble.mendAll();
  }

  #start(settings: Partial<Mailbox>, { retrySkipped = false } = {}): SimulatedProcess {
    const env: Env = { clock: this.clock, entropy: this.#chance, log: this.#logger() };
    const transport = inProcessTransport({
      service: this.#service(),
      account: ACCOUNT,
      clock: this.clock,
      entropy: this.#chance,
      fault: () => this.#pickFault(this.#networkFaults),
      exchangeFault: (operation) => this.#pickExchangeFault(operation),
    });
    const source = createExchangeSource({
      transport,
      endpoint: new URL("https://exchange.corp.example/EWS/Exchange.asmx"),
      accessType: "impersonation",
      env,
    });
    return startProcess({
      mailboxes: ADDRESSES.map((address) => mailboxOf(address, settings)),
      retrySkipped,
      destination: this.#destination,
      source: this.#api === "ews" ? source : new OtherApiSource(source, this.#immutableIds),
      env,
      onPhase: (name) => this.#count(name),
      onDeath: (reason) => this.#log.push(`ended: ${reason}`),
    });
  }

  #service() {
    const rights = new AccessRights();
    rights.grantImpersonation(ACCOUNT);
    return exchangeService({ store: this.#store, rights, product: "Exchange2019" });
  }

  #pickFault<F extends string>(faults: readonly F[]): F | undefined {
    if (this.#calm || this.#chance.next() >= this.#faultRate) return undefined;
    if (faults.length === 0) return undefined;
    const fault = this.#pick(faults);
    this.#count(fault);
    return fault;
  }

  #pickExchangeFault(operation: string): Fault | undefined {
    if (this.#calm || this.#chance.next() >= this.#exchangeFaultRate) return undefined;
    const fault = this.#pick(this.#pick(faultsByPlace(operation)));
    this.#count(`Exchange fails: ${fault.place}`);
    this.#log.push(`${this.clock.now().toISOString()} ${operation} fails with ${fault.name}`);
    return fault;
  }

  #pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.#chance.next() * from.length)]!;
  }

  async #pause(ms: number): Promise<void> {
    await this.clock.sleep(ms, { signal: new AbortController().signal });
  }

  #count(what: string): void {
    this.#seen.set(what, (this.#seen.get(what) ?? 0) + 1);
  }

  #logger(): Logger {
    const at = (level: string) => (msg: string, fields: LogFields = {}) => {
      this.#count(msg);
      this.#log.push(`${this.clock.now().toISOString()} ${level} ${msg} ${JSON.stringify(fields)}`);
    };
    const logger: Logger = {
      error: at("error"),
      warn: at("warn"),
      info: at("info"),
      debug: at("debug"),
      trace: () => undefined,
      with: () => logger,
    };
    return logger;
  }
}

function mailboxOf(address: string, settings: Partial<Mailbox>): Mailbox {
  const bucket = { owner: "owner", name: "bucket" };
  return { address, bucket, startFrom: "bucket", ...settings };
}

/** The key under which an email must be stored, told from the model alone. */
export function expectedKey({ mailbox, item }: ExpectedEmail): string {
  const header = item.mime && decodeMimeHeader(bytesOf(item.mime));
  return storageKeyOf(emailIdOf(mailbox, { ...item, header }), item.searchKey);
}
