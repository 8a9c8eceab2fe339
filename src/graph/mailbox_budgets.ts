import type { CallOptions, Env } from "../core/env.ts";
import type { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { SourceObserver } from "../core/observer.ts";
import { Semaphore } from "../core/semaphore.ts";
import { ThrottleGate } from "../source/throttle_gate.ts";
import { GRAPH_LIMITS } from "./graph_limits.ts";
import { RequestWindow } from "./request_window.ts";

export interface BudgetOptions extends CallOptions {
  /** Requests that are sent together; more than one only in a `$batch`. */
  readonly count: number;
  /** For older mail: new mail goes first. */
  readonly background: boolean;
}

interface Budget {
  readonly window: RequestWindow;
  readonly inFlight: Semaphore;
  readonly gate: ThrottleGate;
  /** 429 in a row that named no delay. */
  unnamed: number;
  /** Until when this mailbox is told to wait, on the monotonic clock. */
  busyUntilMs: number;
}

/**
 * What Graph grants an application for each mailbox: so many requests in a sliding window, and so
 * many at a time. It is kept by waiting here. Where Graph is busy all the same, the mailbox waits as
 * long as was said; once it says so of several mailboxes at a time, all wait.
 */
export class MailboxBudgets {
  readonly #env: Env;
  readonly #observer: SourceObserver | undefined;
  readonly #budgets = new Map<string, Budget>();
  readonly #server: ThrottleGate;

  constructor(env: Env, observer?: SourceObserver) {
    this.#env = env;
    this.#observer = observer;
    this.#server = new ThrottleGate(env, { inFlightMax: Infinity });
  }

  /** Runs `action` when the mailbox has room for its requests. Rejects as `ThrottleGate.run` does. */
  async run<T>(mailbox: Mailbox, options: BudgetOptions, action: () => Promise<T>): Promise<T> {
    const { count, background, signal } = options;
    const budget = this.#of(mailbox);
    await budget.window.take({ count, background, signal });
    return await budget.inFlight.run(
      () => budget.gate.run(action, { signal }),
      { weight: count, urgent: !background, signal },
    );
  }

  /** Graph has answered as it should. */
  succeeded(mailbox: Mailbox): void {
    this.#of(mailbox).unnamed = 0;
  }

  /** Graph was busy: closes the mailbox for the delay of `error`, or for our own. */
  noteBusy(mailbox: Mailbox, error: SyncError): void {
    const budget = this.#of(mailbox);
    const nowMs = this.#env.clock.monotonicMs();
    const delayMs = error.retryAfterMs ?? this.#unnamedDelayMs(budget, nowMs);
    budget.gate.close(error, delayMs);
    this.#observer?.throttled(error, delayMs, mailbox);
    budget.busyUntilMs = Math.max(budget.busyUntilMs, nowMs + delayMs);
    const isBusyForSeveral = [...this.#budgets.values()].some((other) =>
      other !== budget && other.busyUntilMs > nowMs
    );
    if (!isBusyForSeveral) return;
    this.#server.close(error, delayMs);
    this.#observer?.throttled(error, delayMs);
  }

  /** Requests in flight together that are all refused are one sign of overload. */
  #unnamedDelayMs(budget: Budget, nowMs: number): number {
    if (budget.busyUntilMs > nowMs) return budget.busyUntilMs - nowMs;
    const delayMs = GRAPH_LIMITS.unnamedBusyMs * 2 ** Math.min(budget.unnamed++, 10);
    const jitteredMs = delayMs * (1 + this.#env.entropy.next() / 4);
    return Math.round(Math.min(jitteredMs, LIMITS.retryAfterMsMax));
  }

  #of({ address }: Mailbox): Budget {
    const known = this.#budgets.get(address);
    if (known) return known;
    const budget: Budget = {
      window: new RequestWindow(this.#env.clock),
      inFlight: new Semaphore(GRAPH_LIMITS.requestsInFlight),
      gate: new ThrottleGate(this.#env, { inFlightMax: Infinity, wider: this.#server }),
      unnamed: 0,
      busyUntilMs: -Infinity,
    };
    this.#budgets.set(address, budget);
    return budget;
  }
}
