import { type ErrorKind, SyncError } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import type { MailboxBell, MailSource } from "../../core/ports.ts";
import type { Mailbox } from "../../core/mailbox.ts";
import type { Observer } from "../../core/observer.ts";
import { observerOf } from "../../core/observer_of.ts";
import { Semaphore } from "../../core/semaphore.ts";
import { DestinationGate } from "../destination_gate.ts";
import type { SyncSettings } from "../engine.ts";
import { StopController } from "../stop.ts";
import { superviseMailboxes } from "../supervisor.ts";
import { MemoryDestination } from "./memory_destination.ts";
import { memoryEnv } from "./memory_env.ts";
import { MemorySource } from "./memory_source.ts";

/** The settings of a mailbox. */
export function mailbox(name: string, more: Partial<Mailbox> = {}): Mailbox {
  const bucket = { owner: "o", name: "n" };
  return { address: `${name}@x`, bucket, startFrom: "bucket", ...more };
}

const a = mailbox("a");

/**
 * An engine on memory ports and virtual time. `restart` makes another process on the same data, which
 * sees the mailboxes as `view` shows them, on an environment, under the eyes of a watcher and with a
 * bell if given.
 */
export function world() {
  const source = new MemorySource();
  const destination = new MemoryDestination();
  const restart = (
    view: MailSource = source,
    { env, clock, lines } = memoryEnv(),
    watcher: Partial<Observer> = {},
    bell?: MailboxBell,
  ) => {
    const stop = new StopController(clock);
    const phases: string[] = [];
    const observer = observerOf(
      { phaseChanged: ({ address }, { name }) => phases.push(`${address} ${name}`) },
      watcher,
    );
    const run = async (settings: Partial<SyncSettings>, mailboxes: readonly Mailbox[] = [a]) => {
      const engine = {
        source: view,
        ...(bell ? { bell } : {}),
        sink: destination,
        states: destination,
        destination: new DestinationGate(destination, env, { stop, observer }),
        heldBytes: new Semaphore(LIMITS.heldMimeBytesTotal),
        backfills: new Semaphore(LIMITS.backfillsInFlight),
        startedAnew: new Map(),
        settings: {
          pollFrequencyMs: 15_000,
          pollMessageSleepMs: 0,
          emailsPerFolder: 1_000,
          batchSize: 80,
          retrySkipped: false,
          once: false,
          ...settings,
        },
        env,
        observer,
        stop,
      };
      try {
        return await clock.runUntil(superviseMailboxes(engine, mailboxes));
      } finally {
        stop[Symbol.dispose]();
      }
    };
    /** Runs until `done` holds, looked at whenever a mailbox becomes idle; then stops. */
    const runUntil = (
      done: () => boolean,
      mailboxes?: readonly Mailbox[],
      settings: Partial<SyncSettings> = {},
    ) => {
      const { phaseChanged } = observer;
      observer.phaseChanged = (...event) => {
        phaseChanged(...event);
        if (done()) stop.begin();
      };
      return run(settings, mailboxes);
    };
    const errors = () => lines.filter(({ level }) => level === "error");
    return { run, runUntil, stop, clock, lines, phases, errors };
  };
  return { source, destination, restart };
}

/** A failure of that reach. */
export function failure(kind: ErrorKind, code = "Code"): SyncError {
  return new SyncError(kind, code, "Something failed", { hint: "Do something" });
}
