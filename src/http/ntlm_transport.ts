import type { CallOptions } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import type { Secret } from "../core/secret.ts";
import type { Connection } from "./connection.ts";
import {
  ConnectionPool,
  type ConnectionPoolOptions,
  type PooledTransport,
  type Served,
} from "./connection_pool.ts";
import type { CredentialGate } from "./credential_gate.ts";
import { guardedSignIn, passGate } from "./guarded_sign_in.ts";
import { ntlmAccountOf } from "./ntlm_account.ts";
import { ntlmHandshake } from "./ntlm_handshake.ts";
import { type RotatingSecret, rotatingSecretOf } from "./rotating_secret.ts";
import type { HttpRequest, HttpResponse } from "./transport.ts";

export interface NtlmTransportOptions extends ConnectionPoolOptions {
  /** As configured: `DOMAIN\user`, `user@domain` or `user`. */
  readonly user: string;
  readonly password: Secret | RotatingSecret;
  /** Shared by everything in the process that signs in as this user. */
  readonly gate: CredentialGate;
  /** Default: the runtime's cryptographic source. */
  readonly randomBytes?: (count: number) => Uint8Array;
}

/** An `HttpTransport` with NTLM sign-in. */
export type NtlmTransport = PooledTransport;

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
  readonly #password: RotatingSecret;
  readonly #pool: ConnectionPool;

  constructor(options: NtlmTransportOptions) {
    this.#options = options;
    this.#password = rotatingSecretOf(options.password);
    this.#pool = new ConnectionPool({
      ...options,
      onClosed: () => options.gate.connectionLost(),
    });
  }

  send(request: HttpRequest, options: CallOptions): Promise<HttpResponse> {
    return this.#pool.send(request, options, async () => {
      await passGate({ gate: this.#options.gate, secret: this.#password });
      return await this.#onSignedInConnection(request, options) ??
        await this.#onFreshConnection(request, options);
    });
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Resolves to nothing if there is no such connection, or none that is still signed in. */
  async #onSignedInConnection(
    request: HttpRequest,
    options: CallOptions,
  ): Promise<Served | undefined> {
    const served = await this.#pool.reuse(request, options);
    if (served?.exchange.status !== 401) return served;
    served.connection.destroy();
    return undefined;
  }

  async #onFreshConnection(request: HttpRequest, options: CallOptions): Promise<Served> {
    let connection = await this.#pool.open(options);
    const signIn = async (password: Secret) => {
      // The wait at the gate may have been longer than the server's patience; a refusal closes.
      if (connection.closed) connection = await this.#pool.open(options);
      const result = await this.#signIn(connection, request, password, options);
      if (result.verdict === "refused") return result;
      const reusable = result.verdict === "accepted";
      return { verdict: result.verdict, value: { connection, exchange: result.value, reusable } };
    };
    try {
      return await guardedSignIn(
        { gate: this.#options.gate, secret: this.#password },
        signIn,
        options,
      );
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

  #signIn(connection: Connection, request: HttpRequest, password: Secret, options: CallOptions) {
    const { user, clock, randomBytes = secureRandomBytes } = this.#options;
    return ntlmHandshake(connection, request, {
      account: ntlmAccountOf(user),
      password: password.reveal(),
      clientChallenge: randomBytes(8),
      now: clock.now(),
    }, options);
  }
}

function secureRandomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count));
}
