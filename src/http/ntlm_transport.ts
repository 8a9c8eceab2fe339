import type { CallOptions } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Secret } from "../core/secret.ts";
import { Semaphore } from "../core/semaphore.ts";
import { Connection, type ConnectionOptions, type Exchange, isUnsent } from "./connection.ts";
import type { CredentialGate } from "./credential_gate.ts";
import { IdleConnections } from "./idle_connections.ts";
import { ntlmAccountOf } from "./ntlm_account.ts";
import { ntlmHandshake } from "./ntlm_handshake.ts";
import type { HttpRequest, HttpResponse, HttpTransport } from "./transport.ts";

export interface NtlmTransportOptions extends ConnectionOptions {
  /** Only its origin counts: no other ever sees a request or an NTLM message. */
  readonly endpoint: URL;
  /** As configured: `DOMAIN\user`, `user@domain` or `user`. */
  readonly user: string;
  readonly password: Secret;
  /** Shared by everything in the process that signs in as this user. */
  readonly gate: CredentialGate;
  /** Default `LIMITS.connectionsMax`. */
  readonly connectionsMax?: number;
  /** Unused connections are closed after this, ms; default `LIMITS.connectionIdleMsMax`. */
  readonly idleMsMax?: number;
  /** Default: the runtime's cryptographic source. */
  readonly randomBytes?: (count: number) => Uint8Array;
}

/** An `HttpTransport` that owns connections. */
export interface NtlmTransport extends HttpTransport, AsyncDisposable {
  /** Closes the unused connections at once and the others as soon as their responses end. */
  close(): Promise<void>;
}

/**
 * Requests with NTLM sign-in over a bounded number of connections to one origin. NTLM authenticates
 * a connection, not a request: each signs in once, together with its first request, and is used
 * again until it closes.
 *
 * A request is sent once: when its connection dies under it, `send` rejects, and whether to send it
 * again is the caller's business. Only a 401 on a connection that had been signed in is answered by
 * signing in on a fresh one. Refusals of the credentials are the gate's business.
 */
export function createNtlmTransport(options: NtlmTransportOptions): NtlmTransport {
  return new PooledNtlmTransport(options);
}

class PooledNtlmTransport implements NtlmTransport {
  readonly #options: NtlmTransportOptions;
  readonly #slots: Semaphore;
  readonly #idle: IdleConnections;
  #closed = false;

  constructor(options: NtlmTransportOptions) {
    this.#options = options;
    this.#slots = new Semaphore(options.connectionsMax ?? LIMITS.connectionsMax);
    this.#idle = new IdleConnections(
      options.clock,
      options.idleMsMax ?? LIMITS.connectionIdleMsMax,
    );
  }

  send(request: HttpRequest, options: CallOptions): Promise<HttpResponse> {
    const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
    // The slot is held until the response has ended, long after the caller has it.
    this.#slots.run(async () => {
      const { connection, exchange, signedIn } = await this.#exchange(request, options);
      resolve(exchange);
      const reusable = await exchange.ended;
      if (reusable && signedIn && !this.#closed) this.#idle.put(connection);
      else connection.destroy();
    }, options).catch(reject);
    return promise;
  }

  close(): Promise<void> {
    this.#closed = true;
    return this.#idle.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #exchange(request: HttpRequest, options: CallOptions): Promise<Answered> {
    this.#checkOrigin(request.url);
    this.#options.gate.check();
    return await this.#onIdleConnection(request, options) ??
      await this.#onFreshConnection(request, options);
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

  /** Resolves to nothing if there is no such connection, or none that is still signed in. */
  async #onIdleConnection(
    request: HttpRequest,
    options: CallOptions,
  ): Promise<Answered | undefined> {
    for (let connection = this.#idle.take(); connection; connection = this.#idle.take()) {
      try {
        const exchange = await connection.exchange(request, options);
        if (exchange.status !== 401) return { connection, exchange, signedIn: true };
        connection.destroy();
        return undefined;
      } catch (error) {
        if (!isUnsent(error)) throw error;
      }
    }
    return undefined;
  }

  async #onFreshConnection(request: HttpRequest, options: CallOptions): Promise<Answered> {
    let connection = await this.#open(options);
    try {
      return await this.#options.gate.signIn(async () => {
        // The wait at the gate may have been longer than the server's patience.
        if (connection.closed) connection = await this.#open(options);
        const result = await this.#signIn(connection, request, options);
        if (result.verdict === "refused") return result;
        const signedIn = result.verdict === "accepted";
        return { verdict: result.verdict, value: { connection, exchange: result.value, signedIn } };
      }, options);
    } catch (error) {
      connection.destroy();
      throw this.#withoutEndingTheProcess(error);
    }
  }

  /** Where signing in has worked, a server that does not offer it is out of order for a while. */
  #withoutEndingTheProcess(error: unknown): unknown {
    const outOfOrder = error instanceof SyncError && error.code === "NtlmNotOffered" &&
      this.#options.gate.everAccepted;
    return outOfOrder ? error.as("mailbox") : error;
  }

  #open({ signal }: CallOptions): Promise<Connection> {
    return Connection.open(this.#options.endpoint, { ...this.#options, signal });
  }

  #signIn(connection: Connection, request: HttpRequest, options: CallOptions) {
    const { user, password, clock, randomBytes = secureRandomBytes } = this.#options;
    return ntlmHandshake(connection, request, {
      account: ntlmAccountOf(user),
      password: password.reveal(),
      clientChallenge: randomBytes(8),
      now: clock.now(),
    }, options);
  }
}

interface Answered {
  readonly connection: Connection;
  readonly exchange: Exchange;
  /** Whether the connection may serve other requests without a handshake. */
  readonly signedIn: boolean;
}

function secureRandomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count));
}
