import type { CallOptions, Clock, Entropy } from "../../src/core/env.ts";
import { SyncError } from "../../src/core/errors.ts";
import type { HttpRequest, HttpResponse, HttpTransport } from "../../src/http/transport.ts";
import { ConnectionCut, type HttpAnswer } from "../exchange/http_server.ts";
import { type Budget, NamedDelays } from "./named_delays.ts";
import type { NetworkFault } from "./network_faults.ts";

/** How long somebody is to wait, as an answer says it. */
export interface NamedDelay {
  readonly budget: Budget;
  readonly delayMs: number;
}

export interface ServerAnswer extends HttpAnswer {
  /** Delays that its body names; complete when that is read. Those of its header stand there. */
  readonly delays: readonly NamedDelay[];
}

/** A server in the same process: requests go in and answers come out, without any socket. */
export interface InProcessServer {
  /** Requests of one mailbox that it takes at a time. */
  readonly requestsMax: number;
  /** Whose mailbox a request is for. */
  mailboxOf(request: HttpRequest): string;
  /** Whom a delay concerns that stands in the header of an answer to a request of this mailbox. */
  budgetOf(mailbox: string): Budget;
  answer(request: HttpRequest): Promise<ServerAnswer>;
}

export interface NetworkOptions {
  readonly server: InProcessServer;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Chooses what happens to the next request; absent: nothing bad. */
  readonly fault: () => NetworkFault | undefined;
  /** The process it belongs to: once `crashed`, nothing leaves it and nothing reaches it. */
  readonly process: { readonly crashed: boolean };
  /** Told what a client may not do. */
  readonly onOffence: (what: "too early" | "too many", details: string) => void;
}

/** The way from one process to one server. */
export class SimulatedNetwork implements HttpTransport {
  readonly #options: NetworkOptions;
  readonly #delays: NamedDelays;
  readonly #inFlight = new Map<string, number>();

  constructor(options: NetworkOptions) {
    this.#options = options;
    this.#delays = new NamedDelays(options.clock);
  }

  async send(request: HttpRequest, { signal }: CallOptions): Promise<HttpResponse> {
    const { server, process } = this.#options;
    if (process.crashed) await new Promise<never>(() => {});
    const mailbox = server.mailboxOf(request);
    this.#judge(mailbox, request);
    const leave = this.#enter(mailbox);
    try {
      const response = await this.#exchange(mailbox, request, signal);
      return { ...response, body: this.#watched(response.body, leave) };
    } catch (error) {
      leave();
      throw failureOf(error);
    }
  }

  #judge(mailbox: string, { url }: HttpRequest): void {
    const earlyMs = this.#delays.earlyMs(mailbox);
    if (earlyMs > 0) {
      this.#options.onOffence("too early", `${mailbox} ${url.pathname}: ${Math.ceil(earlyMs)} ms`);
    }
  }

  #enter(mailbox: string): () => void {
    const { server, onOffence } = this.#options;
    const count = (this.#inFlight.get(mailbox) ?? 0) + 1;
    this.#inFlight.set(mailbox, count);
    if (count > server.requestsMax) onOffence("too many", `${mailbox}: ${count} at a time`);
    let isIn = true;
    return () => {
      if (isIn) this.#inFlight.set(mailbox, this.#inFlight.get(mailbox)! - 1);
      isIn = false;
    };
  }

  async #exchange(
    mailbox: string,
    request: HttpRequest,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    const { server, clock, entropy, fault } = this.#options;
    const happening = fault();
    await clock.sleep(happening === "slow" ? 30_000 : 50 * entropy.next(), { signal });
    if (happening === "reset before") throw reset();
    const answer = happening === "unavailable" || happening === "html"
      ? page(happening)
      : await server.answer(request);
    const bytes = bytesOf(answer);
    if (happening === "reset after") {
      await Array.fromAsync(bytes);
      throw reset();
    }
    const headers = fieldsOf(answer, clock);
    const namedS = answer.status === 200 ? 0 : Number(headers.get("retry-after") ?? 0);
    if (namedS > 0) this.#delays.heard(server.budgetOf(mailbox), namedS * 1_000);
    const body = happening === "cut short" ? cutShort(bytes) : this.#told(bytes, answer);
    return { status: answer.status, headers, body };
  }

  /** What an answer says is heard at its end: of one that is cut, nothing can be read. */
  async *#told(
    bytes: AsyncIterable<Uint8Array>,
    { delays }: ServerAnswer,
  ): AsyncGenerator<Uint8Array> {
    yield* bytes;
    for (const { budget, delayMs } of delays) this.#delays.heard(budget, delayMs);
  }

  async *#watched(
    bytes: AsyncIterable<Uint8Array>,
    leave: () => void,
  ): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of bytes) {
        if (this.#options.process.crashed) await new Promise<never>(() => {});
        yield chunk;
      }
    } catch (error) {
      throw failureOf(error);
    } finally {
      leave();
    }
  }
}

function fieldsOf({ headers }: HttpAnswer, clock: Clock): ReadonlyMap<string, string> {
  const fields = Object.entries(headers)
    .map(([name, value]): [string, string] => [name.toLowerCase(), String(value)]);
  return new Map([...fields, ["date", clock.now().toUTCString()]]);
}

async function* bytesOf({ body }: HttpAnswer): AsyncGenerator<Uint8Array> {
  if (typeof body === "string") yield await Promise.resolve(new TextEncoder().encode(body));
  else yield* body;
}

async function* cutShort(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = await Array.fromAsync(body);
  const kept = chunks.slice(0, Math.ceil(chunks.length / 2));
  const last = kept.pop();
  yield* kept;
  if (last) yield last.subarray(0, Math.floor(last.byteLength / 2));
  throw reset();
}

/** What something on the way says in the place of the server. */
function page(happening: "unavailable" | "html"): ServerAnswer {
  const delays: readonly NamedDelay[] = [];
  const body = "<html><body>Sorry<br></body></html>";
  return happening === "unavailable"
    ? { status: 503, headers: { "retry-after": "7" }, body, delays }
    : { status: 200, headers: { "content-type": "text/html" }, body, delays };
}

function failureOf(error: unknown): unknown {
  return error instanceof ConnectionCut ? reset() : error;
}

function reset(): SyncError {
  return new SyncError("retryable", "ConnectionReset", "The connection was reset");
}
