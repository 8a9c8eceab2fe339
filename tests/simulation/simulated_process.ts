import type { Env } from "../../src/core/env.ts";
import { syncErrorOf } from "../../src/core/errors.ts";
import { LIMITS } from "../../src/core/limits.ts";
import type { Mailbox } from "../../src/core/mailbox.ts";
import type { MailboxPhase } from "../../src/core/observer.ts";
import { observerOf } from "../../src/core/observer_of.ts";
import { Semaphore } from "../../src/core/semaphore.ts";
import type { MailSource } from "../../src/core/ports.ts";
import { DestinationGate } from "../../src/sync/destination_gate.ts";
import type { SyncSettings } from "../../src/sync/engine.ts";
import { StopController } from "../../src/sync/stop.ts";
import { superviseMailboxes } from "../../src/sync/supervisor.ts";
import type { DurableDestination } from "./durable_destination.ts";

export interface ProcessOptions {
  readonly mailboxes: readonly Mailbox[];
  /** Settings that are not the usual ones. */
  readonly settings: Partial<SyncSettings>;
  readonly destination: DurableDestination;
  /** The source it reads, over a network that ends with it. */
  readonly sourceOf: (life: ProcessLife) => MailSource;
  readonly env: Env;
  /** Told of every phase a mailbox enters. */
  readonly onPhase: (name: MailboxPhase["name"]) => void;
  /** Told why the process ended, if that was neither a crash nor a stop. */
  readonly onDeath: (reason: string | undefined) => void;
}

/** Whether a process still is; once `crashed`, for ever. */
export interface ProcessLife {
  readonly crashed: boolean;
}

/** The appliance as one process: its engine and codecs as shipped. */
export interface SimulatedProcess {
  /** From now on nothing it does reaches anything, and no answer reaches it. */
  crash(): void;
  stop(): Promise<void>;
}

/** Small pages and batches, so that a few dozen emails are many of them. */
const SETTINGS: SyncSettings = {
  pollFrequencyMs: 60_000,
  pollMessageSleepMs: 0,
  emailsPerFolder: 5,
  batchSize: 3,
  retrySkipped: false,
  once: false,
};

export function startProcess(options: ProcessOptions): SimulatedProcess {
  const { env, mailboxes, onDeath } = options;
  const life = { crashed: false };
  const stop = new StopController(env.clock);
  const ended = superviseMailboxes(engineOf(options, life, stop), mailboxes).catch((error) => {
    if (!life.crashed) onDeath(syncErrorOf(error).stack);
  });
  return {
    crash: () => {
      life.crashed = true;
    },
    stop: async () => {
      stop.begin();
      await ended;
      stop[Symbol.dispose]();
    },
  };
}

function engineOf(
  { destination, sourceOf, env, settings, onPhase }: ProcessOptions,
  life: ProcessLife,
  stop: StopController,
) {
  const opened = destination.openedBy(life);
  const observer = observerOf({ phaseChanged: (_, { name }) => onPhase(name) });
  return {
    source: sourceOf(life),
    sink: opened,
    states: opened,
    destination: new DestinationGate(opened, env, { stop, observer }),
    heldBytes: new Semaphore(LIMITS.heldMimeBytesTotal),
    backfills: new Semaphore(LIMITS.backfillsInFlight),
    startedAnew: new Map(),
    settings: { ...SETTINGS, ...settings },
    env,
    observer,
    stop,
  };
}
