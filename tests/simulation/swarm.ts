import type { Entropy } from "../../src/core/env.ts";
import type { DestinationFault } from "./durable_destination.ts";
import { NETWORK_FAULTS, type NetworkFault } from "./network_faults.ts";
import { type Trouble, TROUBLES } from "./store_trouble.ts";

/**
 * What a run has of these, one alone. An email whose content changes where it lies keeps what is stored
 * of it while settings leave it out, or nobody looks for an hour (spec section 3).
 */
export type Disturbance = "content" | "operator" | "outages";

/** Which kinds of failure exist in a run, and how often each is drawn. Rates are probabilities. */
export interface Swarm {
  readonly networkFaults: readonly NetworkFault[];
  /** Of requests, and of calls of the destination. */
  readonly faultRate: number;
  readonly destinationFaults: readonly DestinationFault[];
  /** Of requests that a server fails in one of the ways of its table. */
  readonly serverFaultRate: number;
  /** Of requests, amid which something happens to a mailbox. */
  readonly haste: number;
  readonly troubles: readonly Trouble[];
  readonly troubleRate: number;
  readonly crashRate: number;
  /** How often the mailboxes begin to be read through the other api. */
  readonly switchRate: number;
  /** How often the clock of the machine is set. */
  readonly clockRate: number;
  readonly disturbance: Disturbance;
  readonly isMendedInTheEnd: boolean;
}

/** Draws a swarm: most runs lack most kinds, so that those they have meet each other often. */
export function swarmOf(chance: Entropy): Swarm {
  const isIn = (probability: number) => chance.next() < probability;
  const disturbance = pick(chance, ["content", "content", "operator", "operator", "outages"]);
  const isSwitching = disturbance === "outages" || isIn(0.5);
  return {
    networkFaults: NETWORK_FAULTS.filter(() => isIn(0.5)),
    faultRate: chance.next() * 0.15,
    destinationFaults: (["refused", "answer lost"] as const).filter(() => isIn(0.5)),
    serverFaultRate: isIn(0.6) ? chance.next() * 0.05 : 0,
    haste: isIn(0.6) ? chance.next() * 0.15 : 0,
    troubles: TROUBLES.filter(() => isIn(0.6)),
    troubleRate: chance.next() * 0.5,
    crashRate: chance.next() * 0.05,
    switchRate: isSwitching ? chance.next() * 0.05 : 0,
    clockRate: isIn(0.3) ? chance.next() * 0.03 : 0,
    disturbance,
    isMendedInTheEnd: isIn(0.5),
  };
}

/** One of several, each as likely. */
export function pick<const T>(chance: Entropy, from: readonly T[]): T {
  return from[Math.floor(chance.next() * from.length)]!;
}
