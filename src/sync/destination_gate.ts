import type { Env } from "../core/env.ts";
import { type SyncError, syncErrorOf } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Observer } from "../core/observer.ts";
import type { Sink } from "../core/ports.ts";
import { backoffMs } from "../core/backoff.ts";
import type { Stop } from "./stop.ts";

/**
 * Pauses every mailbox while the destination as a whole fails (spec section 7): one series of probes
 * with growing pauses, shared by all, until one succeeds. A destination that takes the small object of
 * a probe and then no email, as a disk with hardly any room does, keeps its pauses: they begin anew
 * only after it has worked for as long as the greatest of them.
 */
export class DestinationGate {
  readonly #sink: Sink;
  readonly #env: Env;
  readonly #stop: Stop;
  readonly #observer: Pick<Observer, "destinationChanged">;
  #recovery: Promise<void> | undefined;
  #failures = 0;
  #worksSinceMs = Number.NEGATIVE_INFINITY;
  /** The failure that was logged last; it may come back as soon as a probe has succeeded. */
  #said: { readonly code: string; readonly atMs: number } | undefined;
  /** Whether it is known from the log that the destination does not work. */
  #isKnown = false;

  constructor(
    sink: Sink,
    env: Env,
    { stop, observer }: {
      readonly stop: Stop;
      readonly observer: Pick<Observer, "destinationChanged">;
    },
  ) {
    this.#sink = sink;
    this.#env = env;
    this.#stop = stop;
    this.#observer = observer;
  }

  /** Resolves at once while the destination works, else when it works again. */
  async open(): Promise<void> {
    await this.#recovery;
  }

  /** Reports a failure of the whole destination and waits until it works again. */
  async recovered(error: SyncError): Promise<void> {
    this.#recovery ??= this.#probe(error).finally(() => {
      this.#recovery = undefined;
    });
    await this.#recovery;
  }

  async #probe(first: SyncError): Promise<void> {
    const { clock, log } = this.#env;
    const sinceMs = clock.monotonicMs();
    if (sinceMs - this.#worksSinceMs >= LIMITS.backoffMsMax) this.#failures = 0;
    let error = first;
    for (;;) {
      const delayMs = backoffMs(this.#failures++, LIMITS, this.#env.entropy);
      this.#say(error, delayMs);
      this.#observer.destinationChanged({ error, delayMs });
      await clock.sleep(delayMs, { signal: this.#stop.begun });
      try {
        await this.#sink.probe({ signal: this.#stop.begun });
        this.#worksSinceMs = clock.monotonicMs();
        this.#observer.destinationChanged();
        if (this.#isKnown) {
          this.#isKnown = false;
          log.info("Destination works again.", {
            tookMs: Math.round(this.#worksSinceMs - sinceMs),
          });
        }
        return;
      } catch (thrown) {
        this.#stop.begun.throwIfAborted();
        error = syncErrorOf(thrown);
        if (error.kind === "fatal") throw error;
      }
    }
  }

  #say(error: SyncError, delayMs: number): void {
    const atMs = this.#env.clock.monotonicMs();
    const said = this.#said;
    if (said?.code === error.code && atMs - said.atMs < LIMITS.failureSaidAgainMs) return;
    this.#said = { code: error.code, atMs };
    this.#isKnown = true;
    this.#env.log.error("Destination does not work; every mailbox waits.", {
      code: error.code,
      reason: error.message,
      hint: error.hint,
      delayMs,
    });
  }
}
