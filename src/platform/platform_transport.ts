import type { CallOptions, Clock } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import type { Secret } from "../core/secret.ts";
import { ConnectionPool, withAuthorization } from "../http/connection_pool.ts";
import type { HttpProxy } from "../http/proxy.ts";
import { type RotatingSecret, rotatingSecretOf } from "../http/rotating_secret.ts";
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

/**
 * Sends one request with the token; resolves for any status, redirects included. A token that is
 * refused is read again where it comes from.
 */
export interface PlatformTransport extends AsyncDisposable {
  /**
   * Rejects as `HttpTransport.send` does, and with kind `retryable` and code `PlatformTokenRefused`
   * where another token has taken the place of the one that was refused. A body that throws cuts the
   * connection, so that the server gets no whole request.
   */
  send(request: PlatformRequest, options: CallOptions): Promise<HttpResponse>;
  /** The same text without the token in it. */
  redact(text: string): string;
}

export interface PlatformTransportOptions {
  /** Of it, only the origin counts: no other ever sees a request or the token. */
  readonly endpoint: URL;
  readonly token: Secret | RotatingSecret;
  readonly clock: Clock;
  /** Absent: the platform is reached directly. */
  readonly proxy?: HttpProxy;
  /** PEM certificates trusted on top of the roots of the process; default none. */
  readonly extraRoots?: readonly string[];
  /** Requests at a time; the others wait. */
  readonly connectionsMax: number;
}

/** Requests with a bearer token (RFC 6750) over a bounded number of connections. */
export function createPlatformTransport(options: PlatformTransportOptions): PlatformTransport {
  return new PooledPlatformTransport(options);
}

class PooledPlatformTransport implements PlatformTransport {
  readonly #token: RotatingSecret;
  readonly #pool: ConnectionPool;
  /** The token before; a late answer may still quote it. */
  #replaced: Secret | undefined;

  constructor(
    { endpoint, token, clock, proxy, extraRoots, connectionsMax }: PlatformTransportOptions,
  ) {
    this.#token = rotatingSecretOf(token);
    this.#pool = new ConnectionPool({
      endpoint,
      clock,
      connectionsMax,
      trust: { verify: true, extraRoots: extraRoots ?? [] },
      // `ews_ssl_ca_file` and the like have no say in these connections.
      hasOwnSettings: false,
      // It would run while a slow source still makes the body; see `RequestDeadline`.
      headersMsMax: 0,
      ...(proxy ? { proxy } : {}),
    });
  }

  send(request: PlatformRequest, options: CallOptions): Promise<HttpResponse> {
    // What carries the request takes these bodies too; only its type is narrower.
    const unsigned = request as HttpRequest;
    return this.#pool.send(unsigned, options, async () => {
      const used = this.#token.current;
      const signed = withAuthorization(unsigned, `Bearer ${used.reveal()}`);
      const served = await this.#pool.exchange(signed, options);
      if (served.exchange.status !== 401 || !await this.#token.isReplaced(used)) return served;
      served.connection.destroy();
      this.#replaced = used;
      throw tokenReplaced();
    });
  }

  redact(text: string): string {
    const secrets = [this.#token.current, ...(this.#replaced ? [this.#replaced] : [])];
    return secrets.reduce((rest, secret) => rest.replaceAll(secret.reveal(), "[secret]"), text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.close();
  }
}

/** A body may go out once only: whoever made it makes it anew. */
function tokenReplaced(): SyncError {
  const message = "The platform refuses the token; another one has taken its place";
  return new SyncError("retryable", "PlatformTokenRefused", message);
}
