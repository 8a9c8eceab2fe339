import type { Clock, Entropy } from "../../src/core/env.ts";
import type { Intercept, InterceptedRequest } from "../../tests/exchange/exchange_connection.ts";
import type { HttpAnswer } from "../../tests/exchange/http_server.ts";
import { BackoffWatch } from "./backoff_watch.ts";
import { EXCHANGE_FAULTS } from "./exchange_faults.ts";
import { Tally } from "./tally.ts";

const EVERYBODY = "everybody";
/** While nobody asks, faults do not pile up: whoever comes back would meet a wall. */
const DUE_MAX = 4;

/** Faults of the simulated Exchange: each meets the next request that it can happen to. */
export class FaultyExchange {
  readonly watch: BackoffWatch;
  /** Faults that met a request. */
  readonly met = new Tally();
  readonly #entropy: Entropy;
  readonly #calm = new AbortController();
  readonly #due: string[] = [];
  readonly #knownConnections = new Set<number>();

  constructor(clock: Clock, entropy: Entropy) {
    this.watch = new BackoffWatch(clock);
    this.#entropy = entropy;
  }

  /** One more request is to fail in this way, by its name in `EXCHANGE_FAULTS`. */
  due(kind: string): void {
    if (!EXCHANGE_FAULTS[kind]) throw new RangeError(`There is no fault "${kind}"`);
    if (this.#due.length < DUE_MAX) this.#due.push(kind);
  }

  /** From now on nothing fails any more. */
  calm(): void {
    this.#due.length = 0;
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
    const at = this.#due.findIndex((kind) => {
      const { operations, onKnownConnection } = EXCHANGE_FAULTS[kind]!;
      return (operations?.includes(operation) ?? true) &&
        (!onKnownConnection || this.#knownConnections.has(connection));
    });
    return at < 0 ? undefined : this.#due.splice(at, 1)[0];
  }
}
