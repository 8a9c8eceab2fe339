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
    const field = request.headers.get("authorization");
    const refusal = refusalOfToken(field, authority, [...audiences, this.#origin]);
    if (refusal) return this.#refused(undefined, undefined, refusal);
    if (!isBatch(request)) return await this.#answerOne(request, false);
    const next = () => this.#orRefused("batch", undefined, () => this.#batch(request));
    return await this.#intercepted(request, "batch", undefined, false, next);
  }

  #batch(request: AskedRequest): HttpAnswer {
    const requests = batchedRequestsOf(request);
    const answer = batchAnswer(requests, (each) => this.#answerOne(each, true));
    this.#record({ operation: "batch", mailbox: undefined, items: 0, code: "NoError" }, 200);
    return leftAfter(answer, () => this.#leaves.forEach((leave) => leave()));
  }

  async #answerOne(request: AskedRequest, isBatched: boolean): Promise<HttpAnswer> {
    const { service, limits } = this.#frontEnd;
    const route = routeOf(request);
    if (route instanceof GraphError) return this.#refused(undefined, undefined, route);
    const { operation: { name } } = route;
    const mailbox = service.addressOf(route.user);
    let leave = () => {};
    try {
      if (mailbox !== undefined) leave = limits.enter(mailbox);
      this.#leaves.push(leave);
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      return this.#refused(name, mailbox, error);
    }
    try {
      await this.#pause();
      const next = () => this.#served(route, request, mailbox);
      return leftAfter(await this.#intercepted(request, name, mailbox, isBatched, next), leave);
    } catch (error) {
      leave();
      throw error;
    }
  }

  async #intercepted(
    request: AskedRequest,
    operation: string,
    mailbox: string | undefined,
    isBatched: boolean,
    next: () => HttpAnswer,
  ): Promise<HttpAnswer> {
    const { intercept } = this.#frontEnd;
    if (!intercept) return next();
    const { method, target, headers } = request;
    const body = new TextDecoder().decode(request.body);
    const connection = this.#connection;
    return await intercept(
      { connection, operation, mailbox, method, target, headers, body, isBatched },
      next,
    );
  }

  #served(
    route: RoutedRequest,
    { headers }: AskedRequest,
    mailbox: string | undefined,
  ): HttpAnswer {
    const { name } = route.operation;
    return this.#orRefused(name, mailbox, () => {
      const answer = this.#frontEnd.service.handle(route, { headers, origin: this.#origin });
      this.#record({ operation: name, mailbox, items: answer.items, code: "NoError" }, 200);
      return answer;
    });
  }

  #orRefused(
    operation: string | undefined,
    mailbox: string | undefined,
    answer: () => HttpAnswer,
  ): HttpAnswer {
    try {
      return answer();
    } catch (error) {
      if (!(error instanceof GraphError)) throw error;
      return this.#refused(operation, mailbox, error);
    }
  }

  #refused(
    operation: string | undefined,
    mailbox: string | undefined,
    error: GraphError,
  ): HttpAnswer {
    this.#record({ operation, mailbox, items: 0, code: error.code }, error.status);
    return {
      status: error.status,
      headers: { "Content-Type": JSON_TYPE, ...error.headers },
      body: errorBody(error, this.#place),
    };
  }

  #record(
    { operation, mailbox, items, code }: {
      readonly operation: string | undefined;
      readonly mailbox: string | undefined;
      readonly items: number;
      readonly code: string;
    },
    status: number,
  ): void {
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

function routeOf({ method, target }: AskedRequest): RoutedRequest | GraphError {
  try {
    return routed(method, target);
  } catch (error) {
    if (error instanceof GraphError) return error;
    throw error;
  }
}
