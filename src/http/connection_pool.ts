import type { CallOptions } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { Semaphore } from "../core/semaphore.ts";
import { Connection, type ConnectionOptions, type Exchange, isUnsent } from "./connection.ts";
import { IdleConnections } from "./idle_connections.ts";
import type { HttpRequest, HttpResponse, HttpTransport } from "./transport.ts";

export interface ConnectionPoolOptions extends ConnectionOptions {
  /** Only its origin counts: no other ever sees a request or a credential. */
  readonly endpoint: URL;
  /** Default `LIMITS.connectionsMax`. */
  readonly connectionsMax?: number;
  /** Unused connections are closed after this, ms; default `LIMITS.connectionIdleMsMax`. */
  readonly idleMsMax?: number;
}

/** An `HttpTransport` that owns connections. */
export interface PooledTransport extends HttpTransport, AsyncDisposable {
  /** Closes the unused connections at once and the others as soon as their responses end. */
  close(): Promise<void>;
}

/** A response and the connection it came over. */
export interface Served {
  readonly connection: Connection;
  readonly exchange: Exchange;
  /** Whether the connection may serve other requests once the response has ended. */
  readonly reusable: boolean;
}

/**
 * A bounded number of connections to one origin: what every way of signing in builds upon. A request
 * is sent once: when its connection dies under it, it fails, and whether to send it again is the
 * caller's business.
 */
export class ConnectionPool {
  readonly #options: ConnectionPoolOptions;
  readonly #slots: Semaphore;
  readonly #idle: IdleConnections;
  #closed = false;

  constructor(options: ConnectionPoolOptions) {
    this.#options = options;
    this.#slots = new Semaphore(options.connectionsMax ?? LIMITS.connectionsMax);
    this.#idle = new IdleConnections(
      options.clock,
      options.idleMsMax ?? LIMITS.connectionIdleMsMax,
    );
  }

  /**
   * Runs `serve` while one of the connections is allotted to it, until the response it resolves with
   * has ended. Rejects with code `ForeignOrigin` for another origin than that of the endpoint, as
   * `serve` does, and with the signal's reason.
   */
  send(
    request: HttpRequest,
    options: CallOptions,
    serve: () => Promise<Served>,
  ): Promise<HttpResponse> {
    const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
    // The slot is held until the response has ended, long after the caller has it.
    this.#slots.run(async () => {
      this.#checkOrigin(request.url);
      const { connection, exchange, reusable } = await serve();
      resolve(exchange);
      const free = await exchange.ended;
      if (free && reusable && !this.#closed) this.#idle.put(connection);
      else connection.destroy();
    }, options).catch(reject);
    return promise;
  }

  /** Sends a request over an unused connection; resolves to nothing if there is none. */
  async reuse(request: HttpRequest, options: CallOptions): Promise<Served | undefined> {
    for (let connection = this.#idle.take(); connection; connection = this.#idle.take()) {
      try {
        const exchange = await connection.exchange(request, options);
        return { connection, exchange, reusable: true };
      } catch (error) {
        if (!isUnsent(error)) throw error;
      }
    }
    return undefined;
  }

  /** Sends a request over any connection, for credentials that belong to the request. */
  async exchange(request: HttpRequest, options: CallOptions): Promise<Served> {
    const served = await this.reuse(request, options);
    if (served) return served;
    const connection = await this.open(options);
    const exchange = await connection.exchange(request, options);
    return { connection, exchange, reusable: true };
  }

  /** A new connection, which is the caller's; rejects as `Connection.open` does. */
  open({ signal }: CallOptions): Promise<Connection> {
    return Connection.open(this.#options.endpoint, { ...this.#options, signal });
  }

  /** See `PooledTransport.close`. */
  close(): Promise<void> {
    this.#closed = true;
    return this.#idle.close();
  }

  #checkOrigin(url: URL): void {
    const { origin } = this.#options.endpoint;
    if (url.origin === origin) return;
    throw new SyncError(
      "mailbox",
      "ForeignOrigin",
      `Request to "${url.origin}" was not sent: the credentials are for "${origin}" only`,
      { hint: "Check `ews_endpoint`, and whether the server redirects to another host" },
    );
  }
}

/** A request with one more header field. */
export function withAuthorization(request: HttpRequest, authorization: string): HttpRequest {
  return { ...request, headers: { ...request.headers, authorization } };
}
