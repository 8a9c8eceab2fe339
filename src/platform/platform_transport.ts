import type { CallOptions, Clock } from "../core/env.ts";
import type { Secret } from "../core/secret.ts";
import { ConnectionPool, withAuthorization } from "../http/connection_pool.ts";
import type { HttpProxy } from "../http/proxy.ts";
import type { HttpRequest, HttpResponse } from "../http/transport.ts";

/** A request to the platform. */
export interface PlatformRequest {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly url: URL;
  /** Names in lower case. Never credentials: those are the transport's. */
  readonly headers: Readonly<Record<string, string>>;
  /** Known bytes, or bytes as they are made, which go out in chunks and only once. */
  readonly body?: Uint8Array | AsyncIterable<Uint8Array>;
}

/** Sends one request with the token; resolves for any status, redirects included. */
export interface PlatformTransport extends AsyncDisposable {
  /**
   * Rejects as `HttpTransport.send` does. A body that throws cuts the connection, so that the server
   * gets no whole request.
   */
  send(request: PlatformRequest, options: CallOptions): Promise<HttpResponse>;
  /** The same text without the token in it. */
  redact(text: string): string;
}

export interface PlatformTransportOptions {
  /** Of it, only the origin counts: no other ever sees a request or the token. */
  readonly endpoint: URL;
  readonly token: Secret;
  readonly clock: Clock;
  /** Absent: the platform is reached directly. */
  readonly proxy?: HttpProxy;
  /** PEM certificates trusted on top of the roots of the process; default none. */
  readonly extraRoots?: readonly string[];
  /** Requests at a time; the others wait. */
  readonly connectionsMax: number;
}

/** Requests with a fixed bearer token (RFC 6750) over a bounded number of connections. */
export function createPlatformTransport(options: PlatformTransportOptions): PlatformTransport {
  return new PooledPlatformTransport(options);
}

class PooledPlatformTransport implements PlatformTransport {
  readonly #token: Secret;
  readonly #pool: ConnectionPool;

  constructor(
    { endpoint, token, clock, proxy, extraRoots, connectionsMax }: PlatformTransportOptions,
  ) {
    this.#token = token;
    this.#pool = new ConnectionPool({
      endpoint,
      clock,
      connectionsMax,
      trust: { verify: true, extraRoots: extraRoots ?? [] },
      // It would run while a slow source still makes the body; see `RequestDeadline`.
      headersMsMax: 0,
      ...(proxy ? { proxy } : {}),
    });
  }

  send(request: PlatformRequest, options: CallOptions): Promise<HttpResponse> {
    // What carries the request takes these methods and bodies too; only its type is narrower.
    const sent = withAuthorization(
      request as unknown as HttpRequest,
      `Bearer ${this.#token.reveal()}`,
    );
    return this.#pool.send(sent, options, () => this.#pool.exchange(sent, options));
  }

  redact(text: string): string {
    return text.replaceAll(this.#token.reveal(), "[secret]");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.close();
  }
}
