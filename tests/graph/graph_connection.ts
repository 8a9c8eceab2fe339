import type { Clock, Entropy } from "../../src/core/env.ts";
import type { HttpRequest } from "../exchange/http_reader.ts";
import { ConnectionCut, type ConnectionHandler, type HttpAnswer } from "../exchange/http_server.ts";
import type { Ledger } from "../exchange/ledger.ts";
import { randomUuid } from "../exchange/seeded_entropy.ts";
import { batchAnswer, batchedRequestsOf, isBatch } from "./batch.ts";
import { errorBody, type ErrorPlace, GraphError } from "./graph_errors.ts";
import { type GraphService, JSON_TYPE, routed, type RoutedRequest } from "./graph_service.ts";
import type { MailboxLimits } from "./mailbox_limits.ts";
import { leftAfter } from "./running_answer.ts";
import { type GraphTokenJudge, refusalOfToken } from "./token_check.ts";

/**
 * A signed-in request for something there is, within the limits, on its way to the service; each
 * request of a batch is one of its own.
 */
export interface InterceptedGraphRequest {
  readonly connection: number;
  /** Name of the operation, `batch` for a batch as such. */
  readonly operation: string;
  /** Address of the mailbox; absent where there is none to be seen. */
  readonly mailbox: string | undefined;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
  readonly isBatched: boolean;
}

/**
 * Stands between the network and the service: may answer itself, change an answer, delay it, or cut
 * the connection by throwing `ConnectionCut` or returning a body that does.
 */
export type GraphIntercept = (
  request: InterceptedGraphRequest,
  next: () => HttpAnswer,
) => HttpAnswer | Promise<HttpAnswer>;

/** What all connections of one service share; some of it may change while it runs. */
export interface GraphFrontEnd {
  readonly service: GraphService;
  readonly ledger: Ledger;
  readonly limits: MailboxLimits;
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly authority: GraphTokenJudge;
  /** What tokens have to be issued for; the service's own origin counts, too. */
  readonly audiences: readonly string[];
  /** Waited before every answer of the service, in milliseconds. */
  readonly latencyMs: number;
  readonly intercept: GraphIntercept | undefined;
  /** Aborted when the service ends. */
  readonly signal: AbortSignal;
}

/** The front door of Graph, as one connection sees it. */
export function graphConnection(connection: number, frontEnd: GraphFrontEnd): ConnectionHandler {
  return async (request) => {
    const { headers } = request;
    const requestId = randomUuid(frontEnd.entropy);
    const place = {
      requestId,
      clientRequestId: headers.get("client-request-id") ?? requestId,
      now: frontEnd.clock.now(),
    };
    const passage = new Passage(frontEnd, connection, originOf(request), place);
    const answer = await passage.answer(request);
    return { ...answer, headers: { ...serverHeaders(place), ...answer.headers } };
  };
}

/** Links lead where the client found the service. */
function originOf({ headers }: HttpRequest): string {
  return `https://${headers.get("host") ?? "127.0.0.1"}`;
}

function serverHeaders({ requestId, clientRequestId, now }: ErrorPlace) {
  return {
    "Cache-Control": "private",
    "Strict-Transport-Security": "max-age=31536000",
    "request-id": requestId,
    "client-request-id": clientRequestId,
    "x-ms-ags-diagnostic": JSON.stringify({ ServerInfo: { DataCenter: "Simulated" } }),
    "Date": now.toUTCString(),
  };
}

type AskedRequest = Pick<HttpRequest, "method" | "target" | "headers" | "body">;

/** A request and what is known of it. */
interface Step extends Pick<InterceptedGraphRequest, "mailbox" | "isBatched"> {
  readonly request: AskedRequest;
  /** Absent where the path leads nowhere. */
  readonly operation: string | undefined;
}

/** One HTTP request on its way to an answer. */
class Passage {
  readonly #frontEnd: GraphFrontEnd;
  readonly #connection: number;
  readonly #origin: string;
  readonly #place: ErrorPlace;
  /** Ends what still runs of a batch that nobody reads on. */
  readonly #leaves: (() => void)[] = [];

  constructor(frontEnd: GraphFrontEnd, connection: number, origin: string, place: ErrorPlace) {
    this.#frontEnd = frontEnd;
    this.#connection = connection;
    this.#origin = origin;
    this.#place = place;
  }

  async answer(request: AskedRequest): Promise<HttpAnswer> {
    const { authority, audiences } = this.#frontEnd;
    const step = { request, operation: undefined, mailbox: undefined, isBatched: false };
    const field = request.headers.get("authorization");
    const refusal = refusalOfToken(field, authority, [...audiences, this.#origin]);
    if (refusal) return this.#refused(step, refusal);
    return isBatch(request)
      ? await this.#answerBatch({ ...step, operation: "batch" })
      : await this.#answerOne(step);
  }

  async #answerBatch(step: Step & { readonly operation: string }): Promise<HttpAnswer> {
    const answerEach = (request: AskedRequest) =>
      this.#answerOne({ request, operation: undefined, mailbox: undefined, isBatched: true });
    const next = () =>
      this.#orRefused(step, () => {
        const answer = batchAnswer(batchedRequestsOf(step.request), answerEach);
        this.#record(step, 200, "NoError");
        return leftAfter(answer, () => this.#leaves.forEach((leave) => leave()));
      });
    return await this.#intercepted(step, next);
  }

  async #answerOne(unrouted: Step): Promise<HttpAnswer> {
    const { service, limits } = this.#frontEnd;
    let step = unrouted;
    let leave = () => {};
    try {
      const route = routed(step.request.method, step.request.target);
      const operation = route.operation.name;
      const mailbox = service.addressOf(route.user);
      step = { ...step, operation, mailbox };
      if (mailbox !== undefined) leave = limits.enter(mailbox);
      this.#leaves.push(leave);
      await this.#pause();
      const next = () => this.#served(step, route);
      return leftAfter(await this.#intercepted({ ...step, operation }, next), leave);
    } catch (error) {
      leave();
      if (error instanceof GraphError) return this.#refused(step, error);
      throw error;
    }
  }

  async #intercepted(
    step: Step & { readonly operation: string },
    next: () => HttpAnswer,
  ): Promise<HttpAnswer> {
    const { intercept } = this.#frontEnd;
    if (!intercept) return next();
    const { request: { method, target, headers, body }, operation, mailbox, isBatched } = step;
    const seen = { connection: this.#connection, operation, mailbox, isBatched };
    const text = new TextDecoder().decode(body);
    return await intercept({ ...seen, method, target, headers, body: text }, next);
  }

  #served(step: Step, route: RoutedRequest): HttpAnswer {
    return this.#orRefused(step, () => {
      const { headers } = step.request;
      const answer = this.#frontEnd.service.handle(route, { headers, origin: this.#origin });
      this.#record(step, 200, "NoError", answer.items);
      return answer;
    });
  }

  #orRefused(step: Step, answer: () => HttpAnswer): HttpAnswer {
    try {
      return answer();
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      return this.#refused(step, error);
    }
  }

  #refused(step: Step, error: GraphError): HttpAnswer {
    this.#record(step, error.status, error.code);
    return {
      status: error.status,
      headers: { "Content-Type": JSON_TYPE, ...error.headers },
      body: errorBody(error, this.#place),
    };
  }

  #record({ operation, mailbox }: Step, status: number, code: string, items = 0): void {
    this.#frontEnd.ledger.recordRequest({
      operation,
      mailboxes: mailbox === undefined ? [] : [mailbox],
      impersonated: undefined,
      anchor: "not needed",
      items,
      responseCodes: [code],
      connection: this.#connection,
      status,
    });
  }

  async #pause(): Promise<void> {
    const { clock, latencyMs, signal } = this.#frontEnd;
    if (latencyMs <= 0) return;
    try {
      await clock.sleep(latencyMs, { signal });
    } catch {
      throw new ConnectionCut("The server ends");
    }
  }
}
