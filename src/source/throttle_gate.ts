import type { CallOptions, Env } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";

export interface ThrottleGateOptions {
  /** How many it admits at a time. */
  readonly inFlightMax: number;
  /** The gate of a budget that this one is a part of: whoever passes here passes there as well. */
  readonly wider?: ThrottleGate;
}

/** Callers that waited for the same gate set off spread over this time, ms. */
const SPREAD_MS = 1_000;

/**
 * One gate for one throttling budget (spec section 4): the service account with delegate access, the
 * target mailbox with impersonation, the whole server for HTTP 429, 503 and `Retry-After`. Everybody
 * who spends the budget passes here.
 *
 * A busy answer closes it until the time that was named; nobody passes earlier. It also admits only
 * so many at a time: half as many after a busy answer, slowly more again with every success.
 */
export class ThrottleGate {
  readonly #env: Env;
  readonly #inFlightMax: number;
  /** This one, and the wider one. */
  readonly #gates: readonly ThrottleGate[];
  #limit: number;
  #inFlight = 0;
  #openAtMs = -Infinity;
  #closedBy: SyncError | undefined;
  readonly #waiters: (() => void)[] = [];

  constructor(env: Env, { inFlightMax, wider }: ThrottleGateOptions) {
    this.#env = env;
    this.#inFlightMax = inFlightMax;
    this.#gates = wider ? [this, wider] : [this];
    this.#limit = inFlightMax;
  }

  /**
   * Runs `action` when the gate is open and has room. If it stays closed longer than
   * `LIMITS.retryAfterMsMax` it rejects at once with the error that closed it, kind `mailbox`.
   */
  async run<T>(action: () => Promise<T>, { signal }: CallOptions): Promise<T> {
    await this.#admission(signal);
    try {
      const result = await action();
      for (const gate of this.#gates) gate.#succeeded();
      return result;
    } finally {
      for (const gate of this.#gates) gate.#left();
    }
  }

  /** Closes for `delayMs` from now because of `error`. Never opens earlier than said before. */
  close(error: SyncError, delayMs: number): void {
    const nowMs = this.#env.clock.monotonicMs();
    // Several answers to requests that were in flight together are one sign of overload.
    if (this.#openAtMs <= nowMs) this.#limit = Math.max(1, this.#limit / 2);
    if (nowMs + delayMs <= this.#openAtMs) return;
    this.#openAtMs = nowMs + delayMs;
    this.#closedBy = error;
  }

  async #admission(signal: AbortSignal): Promise<void> {
    for (;;) {
      if (signal.aborted) this.#passOn();
      signal.throwIfAborted();
      // Both at one moment: while somebody waits for the one, the other may close or fill.
      const closed = this.#gates.find((gate) => gate.#closedMs > 0);
      const full = this.#gates.find((gate) => gate.#inFlight + 1 > gate.#limit);
      if (!closed && !full) break;
      this.#passOn();
      if (closed) await this.#waitFor(closed, signal);
      else await full!.#room(signal);
    }
    for (const gate of this.#gates) gate.#inFlight++;
  }

  /** This caller may have been woken in another one's place. */
  #passOn(): void {
    for (const gate of this.#gates) gate.#wake();
  }

  #succeeded(): void {
    this.#limit = Math.min(this.#inFlightMax, this.#limit + 1 / this.#limit);
  }

  #left(): void {
    this.#inFlight--;
    this.#wake();
  }

  get #closedMs(): number {
    return this.#openAtMs - this.#env.clock.monotonicMs();
  }

  /** @throws SyncError of kind `mailbox` where that would take too long. */
  #waitFor(closed: ThrottleGate, signal: AbortSignal): Promise<void> {
    const closedMs = closed.#closedMs;
    if (closedMs > LIMITS.retryAfterMsMax && closed.#closedBy) throw closed.#closedBy.as("mailbox");
    const spreadMs = Math.round(SPREAD_MS * this.#env.entropy.next());
    return this.#env.clock.sleep(Math.ceil(closedMs) + spreadMs, { signal });
  }

  /** Resolves when somebody has left, or when `signal` is aborted. */
  #room(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    };
    const onAbort = () => {
      const place = this.#waiters.indexOf(waiter);
      if (place >= 0) this.#waiters.splice(place, 1);
      resolve();
    };
    this.#waiters.push(waiter);
    signal.addEventListener("abort", onAbort, { once: true });
    return promise;
  }

  #wake(): void {
    for (let room = Math.floor(this.#limit) - this.#inFlight; room > 0; room--) {
      const waiter = this.#waiters.shift();
      if (!waiter) return;
      waiter();
    }
  }
}
