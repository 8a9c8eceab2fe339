import type { CallOptions, Env } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { retry } from "../core/retry.ts";
import { retryAfterMsOf } from "../core/retry_after.ts";
import type { HttpResponse } from "../http/transport.ts";
import type { PlatformEndpoint } from "./platform_endpoint.ts";
import {
  answerInvalidOf,
  answerTooLargeOf,
  platformErrorOf,
  platformNetworkErrorOf,
  type PlatformOperation,
  platformTimeoutOf,
} from "./platform_errors.ts";
import { PLATFORM_LIMITS } from "./platform_limits.ts";
import type { PlatformRequest, PlatformTransport } from "./platform_transport.ts";
import { RequestDeadline } from "./request_deadline.ts";

/** One call of the API. */
export interface PlatformCall {
  readonly operation: PlatformOperation;
  /** What it is about in the words of its failures, e.g. `owner/name` of a bucket. */
  readonly about: string;
  readonly method: PlatformRequest["method"];
  readonly url: URL;
  /** Made anew for each attempt; `signal` is aborted as soon as the attempt is over. */
  readonly body?: (signal: AbortSignal) => PlatformBody;
  /** Ids of emails in the body: what the server says of them is not taken for its own words. */
  readonly emailIds?: readonly string[];
  /** Default `PLATFORM_LIMITS.answerBytesMax`. */
  readonly answerBytesMax?: number;
}

export interface PlatformBody {
  readonly contentType: string;
  readonly content: Uint8Array | AsyncIterable<Uint8Array>;
  /** Why the content failed, if it did; the attempt then fails with that, and is the last. */
  readonly broke?: () => Error | undefined;
}

export interface SendOptions extends CallOptions {
  /** How often one failure may happen before it is given up; absent: until the time is up. */
  readonly attemptsMax?: (error: SyncError) => number;
  /** One attempt is made, and what can pass is left `retryable`: the caller tries again. */
  readonly once?: true;
}

export interface PlatformClientOptions {
  readonly transport: PlatformTransport;
  readonly endpoint: PlatformEndpoint;
  readonly env: Env;
}

/**
 * The platform's API: retries, pauses the server orders, and the rule of its envelope: success is
 * a 2xx and `{"status":"ok"}`, failure neither; anything else breaks the contract.
 */
export class PlatformClient {
  readonly endpoint: PlatformEndpoint;
  readonly #transport: PlatformTransport;
  readonly #env: Env;
  /** Until when, on the monotonic clock, the server wants no request. */
  #pausedUntilMs = 0;

  constructor({ transport, endpoint, env }: PlatformClientOptions) {
    this.endpoint = endpoint;
    this.#transport = transport;
    this.#env = env;
  }

  /**
   * Resolves to the envelope of a success. What passes by itself is tried again for
   * `PLATFORM_LIMITS.retryBudgetMs` and is then a failure of the destination. Rejects with the
   * `SyncError` of the status, with what the body throws, and with the signal's reason.
   */
  async send(call: PlatformCall, options: SendOptions): Promise<unknown> {
    return await this.#retried(call, options, (text, status) => envelopeOf(text, status, call));
  }

  /** The same for a call whose success is no envelope: resolves to the body as text. */
  async sendRaw(call: PlatformCall, options: SendOptions): Promise<string> {
    return await this.#retried(call, options, (text) => text);
  }

  async #retried<T>(
    call: PlatformCall,
    { signal, attemptsMax, once }: SendOptions,
    decode: (text: string, status: number) => T,
  ): Promise<T> {
    if (once) return await this.#attempt(call, { signal }, decode);
    const env = this.#env;
    try {
      return await retry(() => this.#attempt(call, { signal }, decode), {
        env,
        signal,
        budgetMs: PLATFORM_LIMITS.retryBudgetMs,
        ...(attemptsMax ? { attemptsMax } : {}),
      });
    } catch (error) {
      if (!(error instanceof SyncError) || error.kind !== "retryable") throw error;
      throw error.as("destination");
    }
  }

  async #attempt<T>(
    call: PlatformCall,
    options: CallOptions,
    decode: (text: string, status: number) => T,
  ): Promise<T> {
    const { response, text } = await this.#exchange(call, options);
    const { status } = response;
    if (isSuccess(status)) return decode(text, status);
    throw this.#failureOf(call, response, text);
  }

  async #exchange(
    call: PlatformCall,
    { signal }: CallOptions,
  ): Promise<{ readonly response: HttpResponse; readonly text: string }> {
    await this.#pause({ signal });
    const { silenceMsMax } = PLATFORM_LIMITS;
    const late = () => platformTimeoutOf(call.operation, silenceMsMax);
    await using deadline = new RequestDeadline(this.#env.clock, silenceMsMax, late);
    const over = new AbortController();
    const attempt = AbortSignal.any([signal, deadline.signal, over.signal]);
    const body = call.body?.(attempt);
    try {
      const request = requestOf(call, body, deadline);
      const response = await this.#transport.send(request, { signal: attempt });
      return { response, text: await textOf(response, call, deadline) };
    } catch (error) {
      const broke = body?.broke?.();
      if (broke || !(error instanceof SyncError)) throw broke ?? error;
      throw platformNetworkErrorOf(error).in({ operation: call.operation });
    } finally {
      over.abort();
    }
  }

  #failureOf(call: PlatformCall, response: HttpResponse, text: string): SyncError {
    const { operation, about } = call;
    const { status } = response;
    const envelope = recordOf(text);
    if (envelope?.["status"] === "ok") {
      return answerInvalidOf(operation, status, "a failure that says it is none");
    }
    const message = envelope?.["message"];
    const retryAfterMs = this.#retryAfterMsOf(response);
    return platformErrorOf({
      operation,
      about,
      status,
      ...(typeof message === "string" ? { message: this.#ownWords(message, call) } : {}),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    });
  }

  /** A message without what we sent: a sender must not choose the server's words. */
  #ownWords(message: string, { emailIds = [] }: PlatformCall): string {
    const named = emailIds.filter((id) => id !== "");
    const words = named.reduce((text, id) => text.replaceAll(id, "<id>"), message.slice(0, 4_096));
    return this.#transport.redact(words);
  }

  /** `Retry-After` in ms; it holds for every request. */
  #retryAfterMsOf({ headers }: HttpResponse): number | undefined {
    const { clock } = this.#env;
    const ms = retryAfterMsOf(headers.get("retry-after"), clock.now());
    if (ms === undefined) return undefined;
    const untilMs = clock.monotonicMs() + Math.min(ms, PLATFORM_LIMITS.pauseMsMax);
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, untilMs);
    return ms;
  }

  async #pause(options: CallOptions): Promise<void> {
    const { clock } = this.#env;
    const pauseMs = this.#pausedUntilMs - clock.monotonicMs();
    if (pauseMs > 0) await clock.sleep(pauseMs, options);
  }
}

function requestOf(
  { method, url }: PlatformCall,
  body: PlatformBody | undefined,
  deadline: RequestDeadline,
): PlatformRequest {
  const headers = { accept: "application/json", "user-agent": "reinfer-ews" };
  if (!body) return { method, url, headers };
  const { contentType, content } = body;
  return {
    method,
    url,
    headers: { ...headers, "content-type": contentType },
    body: content instanceof Uint8Array ? content : deadline.watched(content),
  };
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

async function textOf(
  { status, body }: HttpResponse,
  { operation, answerBytesMax = PLATFORM_LIMITS.answerBytesMax }: PlatformCall,
  deadline: RequestDeadline,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of body) {
    deadline.heard();
    bytes += chunk.byteLength;
    if (bytes > answerBytesMax) {
      // A failure says what it is by its status, too.
      if (!isSuccess(status)) return "";
      throw answerTooLargeOf(operation, status);
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** @throws SyncError code `PlatformAnswerInvalid` for what is no envelope of a success. */
function envelopeOf(text: string, status: number, { operation }: PlatformCall): unknown {
  const envelope = recordOf(text);
  if (!envelope) throw answerInvalidOf(operation, status, "a page instead of a JSON object");
  if (envelope["status"] === "ok") return envelope;
  throw answerInvalidOf(operation, status, "a success that does not say it is one");
}

function recordOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Readonly<Record<string, unknown>>
      : undefined;
  } catch {
    return undefined;
  }
}
