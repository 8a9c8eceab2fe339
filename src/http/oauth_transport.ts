import type { CallOptions } from "../core/env.ts";
import { LIMITS } from "../core/limits.ts";
import { checkConfidential } from "./confidential_endpoint.ts";
import {
  ConnectionPool,
  type ConnectionPoolOptions,
  type PooledTransport,
  type Served,
  withAuthorization,
} from "./connection_pool.ts";
import type { AccessToken, TokenSource } from "./token_source.ts";
import type { HttpRequest, HttpResponse } from "./transport.ts";

export interface OauthTransportOptions extends ConnectionPoolOptions {
  /** Stays the caller's, who closes it. */
  readonly tokens: TokenSource;
}

/**
 * Requests with an OAuth 2.0 bearer token (RFC 6750) over a bounded number of connections to one
 * origin, which is reached over TLS, or is this machine.
 *
 * A 401 is answered by one newer token and the same request once more; if that is refused too, the
 * 401 is the answer: it says in `www-authenticate` and `x-ms-diagnostics` why. Then no other token
 * is asked for during `LIMITS.signInBackoffMs`, unless this one is accepted in the meantime.
 *
 * @throws SyncError of kind `fatal`, code `BearerUnencrypted`, for an endpoint over the network
 * without TLS.
 */
export function createOauthTransport(options: OauthTransportOptions): PooledTransport {
  checkConfidential(options.endpoint, "Bearer");
  return new PooledOauthTransport(options);
}

class PooledOauthTransport implements PooledTransport {
  readonly #options: OauthTransportOptions;
  readonly #pool: ConnectionPool;
  /** Tokens that the server has accepted: a 401 on one of them says that it was revoked. */
  readonly #accepted = new WeakSet<AccessToken>();
  /** Until when, on the monotonic clock, a newer token is not expected to fare better. */
  #newerIsVainUntilMs = 0;

  constructor(options: OauthTransportOptions) {
    this.#options = options;
    this.#pool = new ConnectionPool(options);
  }

  send(request: HttpRequest, options: CallOptions): Promise<HttpResponse> {
    return this.#pool.send(request, options, () => this.#serve(request, options));
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #serve(request: HttpRequest, options: CallOptions): Promise<Served> {
    const { tokens, clock } = this.#options;
    const token = await tokens.token(options);
    const served = await this.#withToken(token, request, options);
    const isVain = clock.monotonicMs() < this.#newerIsVainUntilMs && !this.#accepted.has(token);
    if (served.exchange.status !== 401 || isVain) return served;
    served.connection.destroy();
    const newer = await tokens.replacement(token, options);
    const again = await this.#withToken(newer, request, options);
    if (again.exchange.status === 401) {
      this.#newerIsVainUntilMs = clock.monotonicMs() + LIMITS.signInBackoffMs;
    }
    return again;
  }

  async #withToken(
    token: AccessToken,
    request: HttpRequest,
    options: CallOptions,
  ): Promise<Served> {
    const authorization = `Bearer ${token.value.reveal()}`;
    const served = await this.#pool.exchange(withAuthorization(request, authorization), options);
    // A gateway may give other statuses without looking at the token.
    if (served.exchange.status < 300) this.#accepted.add(token);
    return served;
  }
}
