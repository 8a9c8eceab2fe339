import type { CallOptions } from "../core/env.ts";
import {
  ConnectionPool,
  type ConnectionPoolOptions,
  type PooledTransport,
} from "../http/connection_pool.ts";
import type { HttpRequest, HttpResponse } from "../http/transport.ts";

/** Requests that carry their own proof (a signature, a SAS token) over connections to one origin. */
export class PlainTransport implements PooledTransport {
  readonly #pool: ConnectionPool;

  constructor(options: ConnectionPoolOptions) {
    this.#pool = new ConnectionPool(options);
  }

  send(request: HttpRequest, options: CallOptions): Promise<HttpResponse> {
    return this.#pool.send(request, options, () => this.#pool.exchange(request, options));
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
