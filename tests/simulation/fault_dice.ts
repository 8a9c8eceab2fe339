import type { Entropy } from "../../src/core/env.ts";
import type { Fault } from "../exchange/faults.ts";
import type { GraphFault } from "../graph/graph_faults.ts";
import type { DestinationFault } from "./durable_destination.ts";
import type { NetworkFault } from "./network_faults.ts";
import { countIn, type Seen } from "./seen.ts";
import { exchangeFaultsByPlace, graphFaultsByPlace } from "./server_faults.ts";
import { pick, type Swarm } from "./swarm.ts";

export interface FaultDiceOptions {
  readonly chance: Entropy;
  readonly swarm: Swarm;
  readonly seen: Seen;
  readonly log: (line: string) => void;
}

/** Decides what fails and how, counts it, and leaves everything alone once it is calm. */
export class FaultDice {
  readonly #options: FaultDiceOptions;
  #isCalm = false;

  constructor(options: FaultDiceOptions) {
    this.#options = options;
  }

  /** From now on nothing fails. */
  calm(): void {
    this.#isCalm = true;
  }

  /** Whether it is not calm yet. */
  get isRolling(): boolean {
    return !this.#isCalm;
  }

  network(): NetworkFault | undefined {
    const { networkFaults, faultRate } = this.#options.swarm;
    return this.#oneOf(networkFaults, faultRate, "network");
  }

  destination(): DestinationFault | undefined {
    const { destinationFaults, faultRate } = this.#options.swarm;
    return this.#oneOf(destinationFaults, faultRate, "destination");
  }

  exchange(operation: string): Fault | undefined {
    return this.#ofServer("EWS", operation, exchangeFaultsByPlace);
  }

  graph(operation: string): GraphFault | undefined {
    return this.#ofServer("Graph", operation, graphFaultsByPlace);
  }

  #oneOf<F extends string>(faults: readonly F[], rate: number, where: string): F | undefined {
    if (faults.length === 0 || !this.#isDue(rate)) return undefined;
    const fault = pick(this.#options.chance, faults);
    countIn(this.#options.seen.faults, `${where}: ${fault}`);
    return fault;
  }

  #ofServer<F extends { readonly name: string; readonly place: string }>(
    server: string,
    operation: string,
    faultsByPlace: (operation: string) => readonly (readonly F[])[],
  ): F | undefined {
    const { chance, seen, swarm, log } = this.#options;
    if (!this.#isDue(swarm.serverFaultRate)) return undefined;
    const fault = pick<F>(chance, pick<readonly F[]>(chance, faultsByPlace(operation)));
    countIn(seen.faults, `${server} ${fault.place}: ${fault.name}`);
    log(`${server} fails ${operation}: ${fault.name}`);
    return fault;
  }

  #isDue(rate: number): boolean {
    return !this.#isCalm && this.#options.chance.next() < rate;
  }
}
