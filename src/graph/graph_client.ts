import type { CallOptions, Env, LogFields } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { SourceObserver } from "../core/observer.ts";
import type { HttpRequest, HttpResponse, HttpTransport } from "../http/transport.ts";
import { discardBody } from "../source/discard_body.ts";
import type { Reach } from "../source/failure_table.ts";
import { observedRequest } from "../source/observed_request.ts";
import type { Write } from "../source/pushed_stream.ts";
import { requestIdOf } from "../source/request_id.ts";
import { type Answer, type RepeatOptions, sendRequest } from "../source/send_request.ts";
import { serverTimeOf } from "../source/server_time.ts";
import { suspendingIfLong } from "../source/suspending_if_long.ts";
import { BATCH_PATH, type BatchOutcome, decodeBatch, encodeBatch } from "./batch.ts";
import { boundedText, jsonOf } from "./bounded_body.ts";
import { GRAPH_FAILURES, graphErrorOf, isBusyStatus } from "./graph_errors.ts";
import { GRAPH_LIMITS } from "./graph_limits.ts";
import type { GraphRequest } from "./graph_request.ts";
import { MailboxBudgets } from "./mailbox_budgets.ts";
import { preferenceOf } from "./preference.ts";

export interface GraphClientOptions {
  /** Adds the access token to every request: it must lead to `endpoint` only. */
  readonly transport: HttpTransport;
  /** Origin of Graph, e.g. `https://graph.microsoft.com`; national clouds have their own. */
  readonly endpoint: URL;
  readonly env: Env;
  /** Absent: nobody watches. */
  readonly observer?: SourceObserver;
}

export interface AttemptOptions extends CallOptions {
  /** For older mail or for checks: leaves room for new mail. Default: false. */
  readonly background?: boolean;
}

/** How a request is sent until it is answered. */
export type SendOptions<T> = AttemptOptions & RepeatOptions<GraphRequest<T>>;

/** A request for content that is no JSON. */
export interface ContentRequest extends Pick<GraphRequest<never>, "name" | "reach" | "path"> {
  /** What the content cannot be, by its `content-type`: a page of a proxy would pass for it. */
  readonly refuse?: RegExp;
}

interface Exchange extends Pick<GraphRequest<unknown>, "name" | "reach" | "path" | "prefer"> {
  /** Absent: GET. */
  readonly body?: Uint8Array;
  /** Requests it stands for. */
  readonly count: number;
}

/** Sends requests to one Graph endpoint over any `HttpTransport`, within what each mailbox grants. */
export class GraphClient {
  readonly endpoint: URL;
  readonly #transport: HttpTransport;
  readonly #env: Env;
  readonly #budgets: MailboxBudgets;
  readonly #observer: SourceObserver | undefined;

  constructor({ transport, endpoint, env, observer }: GraphClientOptions) {
    this.endpoint = new URL(endpoint.origin);
    this.#transport = transport;
    this.#env = env;
    this.#observer = observer;
    this.#budgets = new MailboxBudgets(env, observer);
  }

  /**
   * Sends a request until it is answered or hopeless, `LIMITS.retryBudgetMs` at most. Rejects with a
   * `SyncError` as Graph's code, the HTTP status or the transport has it.
   */
  async send<T>(
    mailbox: Mailbox,
    request: GraphRequest<T>,
    options: SendOptions<T>,
  ): Promise<Answer<T>> {
    return await sendRequest(request, {
      env: this.#env,
      failures: GRAPH_FAILURES,
      reach: request.reach,
      attempt: (current) => this.attempt(mailbox, current, options),
    }, options);
  }

  /** Sends a request once, when the mailbox has room for it. */
  async attempt<T>(
    mailbox: Mailbox,
    request: GraphRequest<T>,
    options: AttemptOptions,
  ): Promise<Answer<T>> {
    return await this.#exchange(mailbox, { ...request, count: 1 }, options, async (response) => ({
      value: request.read(await answerOf(response)),
      serverTime: serverTimeOf(response, this.#env.clock.now()),
    }));
  }

  /** Sends up to `GRAPH_LIMITS.batchRequests` requests together, once; outcomes in order. */
  async batch<T>(
    mailbox: Mailbox,
    requests: readonly GraphRequest<T>[],
    options: AttemptOptions,
  ): Promise<readonly BatchOutcome<T>[]> {
    const [first] = requests;
    if (!first) return [];
    const exchange = {
      name: `$batch of ${first.name}`,
      reach: first.reach,
      path: BATCH_PATH,
      body: encodeBatch(requests),
      count: requests.length,
    };
    return await this.#exchange(mailbox, exchange, options, async (response) => {
      const outcomes = decodeBatch(await answerOf(response), requests, this.#env.clock.now());
      for (const outcome of outcomes) {
        if ("error" in outcome && outcome.isBusy) this.#budgets.noteBusy(mailbox, outcome.error);
      }
      return outcomes.map((outcome) =>
        "error" in outcome
          ? { ...outcome, error: outcome.error.in(contextOf(mailbox, first.name)) }
          : outcome
      );
    });
  }

  /** Gives content to `write` as it arrives; one attempt. Rejects with what `write` throws, too. */
  async copy(
    mailbox: Mailbox,
    request: ContentRequest,
    write: (bytes: Uint8Array) => ReturnType<Write> | void,
    options: AttemptOptions,
  ): Promise<void> {
    await this.#exchange(mailbox, { ...request, count: 1 }, options, async (response) => {
      if (request.refuse?.test(response.headers.get("content-type") ?? "")) {
        await discardBody(response);
        throw notMime();
      }
      for await (const bytes of response.body) {
        if (bytes.length > 0) await write(bytes);
      }
    });
  }

  #exchange<T>(
    mailbox: Mailbox,
    exchange: Exchange,
    { background = false, signal }: AttemptOptions,
    read: (response: HttpResponse) => Promise<T>,
  ): Promise<T> {
    const { count, name } = exchange;
    return this.#budgets.run(mailbox, { count, background, signal }, async () => {
      try {
        const watch = { clock: this.#env.clock, observer: this.#observer };
        const result = await observedRequest(
          name,
          watch,
          () => this.#sendOnce(mailbox, exchange, { signal }, read),
        );
        this.#budgets.succeeded(mailbox);
        return result;
      } catch (error) {
        throw error instanceof SyncError ? error.in(contextOf(mailbox, name)) : error;
      }
    });
  }

  async #sendOnce<T>(
    mailbox: Mailbox,
    { name, reach, path, prefer, body }: Exchange,
    options: CallOptions,
    read: (response: HttpResponse) => Promise<T>,
  ): Promise<T> {
    const requestId = requestIdOf(this.#env.entropy);
    const request: HttpRequest = {
      method: body ? "POST" : "GET",
      url: new URL(path, this.endpoint),
      headers: headersOf(requestId, prefer, body),
      ...(body ? { body } : {}),
    };
    const facts = { operation: name, mailbox: mailbox.address, requestId };
    this.#env.log.trace("Graph request.", { ...facts, method: request.method, path });
    const startedMs = this.#env.clock.monotonicMs();
    const response = await this.#transport.send(request, options);
    const trace = (outcome: LogFields) =>
      this.#env.log.trace("Graph response.", {
        ...facts,
        status: response.status,
        serverRequestId: response.headers.get("request-id"),
        tookMs: Math.round(this.#env.clock.monotonicMs() - startedMs),
        ...outcome,
      });
    try {
      if (response.status !== 200) await this.#refuse(mailbox, response, reach);
      const result = await read(response);
      trace({});
      return result;
    } catch (error) {
      if (error instanceof SyncError) trace({ code: error.code });
      throw error;
    }
  }

  /** Throws the error of an answer. What says that Graph is busy makes the mailbox wait. */
  async #refuse(mailbox: Mailbox, response: HttpResponse, reach: Reach): Promise<never> {
    const { status, headers } = response;
    const body = jsonOf(await errorTextOf(response));
    if (status >= 300 && status < 400) throw redirected(status);
    const failed = { status, retryAfter: headers.get("retry-after"), body };
    const error = graphErrorOf(failed, reach, this.#env.clock.now());
    if (isBusyStatus(status) || error.retryAfterMs !== undefined) {
      this.#budgets.noteBusy(mailbox, error);
    }
    throw suspendingIfLong(error);
  }
}

function headersOf(requestId: string, prefer?: readonly string[], body?: Uint8Array) {
  return {
    "accept": "application/json",
    "user-agent": "reinfer-ews",
    "prefer": preferenceOf(prefer),
    "client-request-id": requestId,
    "return-client-request-id": "true",
    ...(body ? { "content-type": "application/json" } : {}),
  };
}

/** @throws SyncError of kind `retryable` for what is no JSON, cut short, or too large. */
async function answerOf(response: HttpResponse): Promise<unknown> {
  const type = response.headers.get("content-type") ?? "";
  const text = await boundedText(response, GRAPH_LIMITS.answerBytesMax);
  if (text === undefined) throw tooLarge();
  if (/\bhtml\b/i.test(type)) throw notJson();
  const answer = jsonOf(text);
  if (answer === undefined) throw cutShort();
  return answer;
}

async function errorTextOf(response: HttpResponse): Promise<string> {
  try {
    return await boundedText(response, GRAPH_LIMITS.errorBytesMax) ?? "";
  } catch {
    return ""; // what the status says stands, whether or not its words arrive whole
  }
}

function contextOf(mailbox: Mailbox, operation: string) {
  return { mailbox: mailbox.address, operation };
}

function tooLarge(): SyncError {
  return new SyncError("retryable", "ResponseTooLarge", "Graph's answer is larger than expected");
}

function notJson(): SyncError {
  return new SyncError("retryable", "ResponseNotJson", "A page answers in place of Graph", {
    hint: "Check graph_endpoint, and that no proxy's page answers in its place",
  });
}

function notMime(): SyncError {
  return new SyncError("retryable", "ResponseNotMime", "A page answers in place of an email", {
    hint: "Check that no proxy's page answers in place of Graph",
  });
}

function cutShort(): SyncError {
  return new SyncError("retryable", "ResponseCorrupt", "Graph's answer is cut short or no JSON");
}

function redirected(status: number): SyncError {
  return new SyncError(
    "mailbox",
    "HttpRedirect",
    `The server redirects, which is not followed (HTTP ${status})`,
    { hint: "Check graph_endpoint, and that no proxy wants people to sign in first" },
  );
}
