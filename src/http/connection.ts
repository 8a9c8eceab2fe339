import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { Client, type Dispatcher } from "undici";
import type { CallOptions, Clock } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { dial, type DialledSocket, type DialOptions } from "./dial.ts";
import { addressOf, exchangeErrorOf } from "./network_error.ts";
import { type HttpProxy, proxyAuthorizationOf } from "./proxy.ts";
import { withProxyCredentials } from "./proxy_credentials.ts";
import { ResponseBody, type ResponseBodyOptions } from "./response_body.ts";
import type { HttpRequest, HttpResponse } from "./transport.ts";

export interface ConnectionOptions extends Omit<DialOptions, "signal"> {
  /** Until a response head, ms; default `LIMITS.responseHeadersMsMax`. */
  readonly headersMsMax?: number;
  /** Silence within a response body, ms; default `LIMITS.responseBodyIdleMsMax`. */
  readonly bodyIdleMsMax?: number;
  /** See `ResponseBodyOptions`, ms; default `LIMITS.responseBodySlowMsMax`. */
  readonly bodySlowMsMax?: number;
  /** Told when the connection has ended, whoever ended it. */
  readonly onClosed?: () => void;
}

/** A response that occupies its connection until `ended`. */
export interface Exchange extends HttpResponse {
  readonly body: ResponseBody;
  /** Resolves, always, when the connection is free: true if it can serve another request. */
  readonly ended: Promise<boolean>;
}

type Pace = Pick<ResponseBodyOptions, "clock" | "slowMsMax">;

/** Code of the error of a request of which nothing was sent: the server had closed before. */
const CLOSED_BEFORE_REQUEST = "ConnectionClosedBeforeRequest";

/** Whether a request failed in a way that makes sending it once more safe. */
export function isUnsent(error: unknown): boolean {
  return error instanceof SyncError && error.code === CLOSED_BEFORE_REQUEST;
}

/**
 * One TCP or TLS connection to one origin, which serves one request at a time and is never replaced
 * under the hand by another: what was authenticated stays what it is. Closed is closed. For an
 * `http:` origin behind a proxy it is a connection to the proxy, which may share its own.
 */
export class Connection {
  /** The server's certificate in DER; absent only over plain http. */
  readonly certificate: Uint8Array | undefined;
  /** What TLS agreed on, for people, as far as it is known. */
  readonly agreement: string | undefined;
  readonly #origin: URL;
  readonly #client: Client;
  readonly #socket: Duplex;
  /** What plain http requests are handed to; the connection is to it and not to the server. */
  readonly #forwarder: Forwarder | undefined;
  readonly #pace: Pace;

  private constructor(
    origin: URL,
    client: Client,
    { socket, certificate, agreement }: DialledSocket,
    { forwarder, pace }: { readonly forwarder: Forwarder | undefined; readonly pace: Pace },
  ) {
    this.#origin = origin;
    this.#client = client;
    this.#socket = socket;
    this.#forwarder = forwarder;
    this.#pace = pace;
    this.certificate = certificate;
    this.agreement = agreement;
  }

  /** Opens a connection to the origin of `url`; rejects as `dial` does. */
  static async open(url: URL, options: ConnectionOptions & CallOptions): Promise<Connection> {
    const origin = new URL(url.origin);
    const dialled = await dial(origin, options);
    const { socket } = dialled;
    let handedOver = false;
    const client = new Client(origin, {
      pipelining: 1,
      // Later than we close ourselves; undici's own default of 4 s would lose the authentication.
      keepAliveTimeout: LIMITS.connectionIdleMsMax + 10_000,
      keepAliveMaxTimeout: LIMITS.connectionIdleMsMax + 10_000,
      headersTimeout: options.headersMsMax ?? LIMITS.responseHeadersMsMax,
      bodyTimeout: options.bodyIdleMsMax ?? LIMITS.responseBodyIdleMsMax,
      maxHeaderSize: LIMITS.responseHeaderBytesMax,
      connect: (_options, callback) => {
        // Later, as every connector does: a call from within is lost on the client.
        queueMicrotask(() => {
          if (handedOver || socket.destroyed) return callback(closedBeforeRequest(origin), null);
          handedOver = true;
          // To the client a socket is a stream of bytes; what else it has is used where it is there.
          callback(null, socket as Socket);
        });
      },
    });
    const { proxy, clock, onClosed } = options;
    if (onClosed) socket.once("close", onClosed);
    const forwarder = proxy && origin.protocol === "http:" ? { proxy, clock } : undefined;
    const pace = { clock, slowMsMax: options.bodySlowMsMax ?? LIMITS.responseBodySlowMsMax };
    return new Connection(origin, client, dialled, { forwarder, pace });
  }

  get closed(): boolean {
    return this.#socket.destroyed || this.#client.destroyed;
  }

  /**
   * Sends a request and resolves with the response head; the connection is free again at `ended`.
   *
   * Nothing is ever sent twice, and a failure closes the connection. Rejects with the signal's
   * reason, or with a `SyncError`: `retryable` (for one of them `isUnsent` holds), or what a proxy or
   * a TLS alert says.
   */
  async exchange(request: HttpRequest, options: CallOptions): Promise<Exchange> {
    try {
      return await this.#exchange(request, options);
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  async #exchange(request: HttpRequest, options: CallOptions): Promise<Exchange> {
    const forwarder = this.#forwarder;
    if (!forwarder) {
      return await this.#send(request, request.url.pathname + request.url.search, options);
    }
    const { proxy } = forwarder;
    return await withProxyCredentials({ ...forwarder, target: this.#origin }, async () => {
      const answer = await this.#send(
        forwarded(request, proxy),
        absoluteForm(request.url),
        options,
      );
      const challenge = answer.headers.get("proxy-authenticate");
      return { ...answer, ...(challenge === undefined ? {} : { challenge }) };
    }, options);
  }

  async #send(request: HttpRequest, path: string, { signal }: CallOptions): Promise<Exchange> {
    signal.throwIfAborted();
    if (this.closed) throw closedBeforeRequest(this.#origin);
    let response: Dispatcher.ResponseData;
    try {
      response = await this.#client.request({
        method: request.method,
        path,
        headers: { ...request.headers },
        ...(request.body ? { body: request.body } : {}),
        signal,
      });
    } catch (error) {
      signal.throwIfAborted();
      throw error instanceof SyncError ? error : exchangeErrorOf(this.#origin, "head", error);
    }
    const body = new ResponseBody(response.body, {
      ...this.#pace,
      errorOf: (error) => {
        if (signal.aborted) return signal.reason;
        return exchangeErrorOf(this.#origin, "body", error);
      },
    });
    const headers = headersOf(response.headers);
    const ended = body.ended.then((whole) => {
      if (!whole) this.destroy();
      return !this.closed;
    });
    return { status: response.statusCode, headers, body, ended };
  }

  /** Closes at once; a request under way fails. May be called again. */
  destroy(): void {
    this.#socket.destroy();
    // Never rejects for a client without a queue, and there is nothing left to do if it did.
    this.#client.destroy().catch(() => {});
  }
}

interface Forwarder {
  readonly proxy: HttpProxy;
  readonly clock: Clock;
}

function forwarded(request: HttpRequest, proxy: HttpProxy): HttpRequest {
  const authorization = proxyAuthorizationOf(proxy);
  if (authorization === undefined) return request;
  return { ...request, headers: { ...request.headers, "proxy-authorization": authorization } };
}

/** The target of a request to a proxy (RFC 9112, section 3.2.2). */
function absoluteForm({ origin, pathname, search }: URL): string {
  return origin + pathname + search;
}

function headersOf(fields: Dispatcher.ResponseData["headers"]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  return headers;
}

function closedBeforeRequest(origin: URL): SyncError {
  return new SyncError(
    "retryable",
    CLOSED_BEFORE_REQUEST,
    `Connection to "${addressOf(origin)}" was closed by the other side while unused`,
    { hint: "Check the idle timeouts of the server and of what stands in between" },
  );
}
