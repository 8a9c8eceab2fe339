import type { Clock, Entropy } from "../../src/core/env.ts";
import type { Intercept, InterceptedRequest } from "../../tests/exchange/exchange_connection.ts";
import type { HttpAnswer } from "../../tests/exchange/http_server.ts";
import { BackoffWatch } from "./backoff_watch.ts";
import { DueFaults } from "./due_faults.ts";
import { EXCHANGE_FAULTS } from "./exchange_faults.ts";
import { Tally } from "./tally.ts";

const EVERYBODY = "everybody";

/** Faults of the simulated Exchange: each meets the next request that it can happen to. */
export class FaultyExchange {
  readonly watch: BackoffWatch;
  /** Faults that met a request. */
  readonly met = new Tally();
  readonly #entropy: Entropy;
  readonly #calm = new AbortController();
  readonly #due: DueFaults<string>;
  readonly #knownConnections = new Set<number>();

  constructor(clock: Clock, entropy: Entropy) {
    this.watch = new BackoffWatch(clock);
    this.#due = new DueFaults(clock);
    this.#entropy = entropy;
  }

  /** One more request is to fail in this way, by its name in `EXCHANGE_FAULTS`. */
  due(kind: string): void {
    if (!EXCHANGE_FAULTS[kind]) throw new RangeError(`There is no fault "${kind}"`);
    this.#due.add(kind);
  }

  /** From now on nothing fails any more. */
  calm(): void {
    this.#due.clear();
    this.#calm.abort();
  }

  /** For `SimulatedExchange.intercept`. */
  readonly intercept: Intercept = async (request, next) => {
    const mailbox = request.headers.get("x-anchormailbox") ?? "none";
    this.watch.arrived(mailbox, EVERYBODY);
    const answer = await this.#answer(request, next, mailbox);
    this.#knownConnections.add(request.connection);
    return answer;
  };

  #answer(
    request: InterceptedRequest,
    next: () => HttpAnswer,
    mailbox: string,
  ): HttpAnswer | Promise<HttpAnswer> {
    const kind = this.#take(request);
    if (kind === undefined) return next();
    this.met.count(kind);
    const { backoff, answer } = EXCHANGE_FAULTS[kind]!;
    if (backoff) this.watch.ask(backoff.of === "mailbox" ? mailbox : EVERYBODY, backoff.ms);
    return answer({ request, next, entropy: this.#entropy, signal: this.#calm.signal });
  }

  #take({ operation = "", connection }: InterceptedRequest): string | undefined {
    return this.#due.take((kind) => {
      const { operations, onKnownConnection } = EXCHANGE_FAULTS[kind]!;
      return (operations?.includes(operation) ?? true) &&
        (!onKnownConnection || this.#knownConnections.has(connection));
    });
  }
}
