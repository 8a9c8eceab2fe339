import type { CallOptions } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import type { Secret } from "../core/secret.ts";
import {
  ConnectionPool,
  type ConnectionPoolOptions,
  type PooledTransport,
  type Served,
  withAuthorization,
} from "./connection_pool.ts";
import type { CredentialGate, SignInResult } from "./credential_gate.ts";
import { guardedSignIn, passGate } from "./guarded_sign_in.ts";
import { checkConfidential } from "./confidential_endpoint.ts";
import { addressOf } from "./network_error.ts";
import { provesSignIn } from "./proves_sign_in.ts";
import { type RotatingSecret, rotatingSecretOf } from "./rotating_secret.ts";
import type { HttpRequest, HttpResponse } from "./transport.ts";

export interface BasicTransportOptions extends ConnectionPoolOptions {
  /** As configured: `DOMAIN\user`, `user@domain` or `user`. */
  readonly user: string;
  readonly password: Secret | RotatingSecret;
  /** Shared by everything in the process that signs in as this user. */
  readonly gate: CredentialGate;
}

/**
 * Requests with Basic sign-in (RFC 7617, UTF-8) over a bounded number of connections to one origin,
 * which is reached over TLS, or is this machine. Every request carries the credentials, so each is a
 * sign-in of its own to the gate: as long as none vouches for them they go one by one.
 *
 * @throws SyncError of kind `fatal`: code `BasicUnencrypted` for an endpoint over the network
 * without TLS, `BasicUserInvalid` for a user name that Basic cannot carry.
 */
export function createBasicTransport(options: BasicTransportOptions): PooledTransport {
  checkConfidential(options.endpoint, "Basic");
  checkUser(options.user);
  return new PooledBasicTransport(options);
}

const REFUSED_HINT =
  "Check `auth_user` and `auth_password`, and whether the account is locked or expired";

class PooledBasicTransport implements PooledTransport {
  readonly #options: BasicTransportOptions;
  readonly #password: RotatingSecret;
  readonly #pool: ConnectionPool;

  constructor(options: BasicTransportOptions) {
    this.#options = options;
    this.#password = rotatingSecretOf(options.password);
    this.#pool = new ConnectionPool({
      ...options,
      onClosed: () => options.gate.connectionLost(),
    });
  }

  send(request: HttpRequest, options: CallOptions): Promise<HttpResponse> {
    const guarded = { gate: this.#options.gate, secret: this.#password };
    return this.#pool.send(request, options, async () => {
      await passGate(guarded);
      const attempt = (password: Secret) => this.#attempt(request, password, options);
      return await guardedSignIn(guarded, attempt, options);
    });
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #attempt(
    request: HttpRequest,
    password: Secret,
    options: CallOptions,
  ): Promise<SignInResult<Served>> {
    const { user, endpoint, gate } = this.#options;
    const signedIn = withAuthorization(request, authorizationOf(user, password));
    const served = await this.#pool.exchange(signedIn, options);
    const { status, headers } = served.exchange;
    if (status !== 401) {
      return { verdict: provesSignIn(status) ? "accepted" : "undecided", value: served };
    }
    served.connection.destroy();
    if (isOffered(headers.get("www-authenticate") ?? "")) {
      return { verdict: "refused", hint: REFUSED_HINT };
    }
    const error = notOffered(endpoint);
    // Where signing in has worked, a server that does not offer it is out of order for a while.
    throw gate.everAccepted ? error.as("mailbox") : error;
  }
}

/** RFC 7617 section 2 and 2.1: `user:password` in UTF-8, then base64. */
function authorizationOf(user: string, password: Secret): string {
  return `Basic ${new TextEncoder().encode(`${user}:${password.reveal()}`).toBase64()}`;
}

/** Challenges of several fields are joined by commas; a scheme begins a challenge. */
function isOffered(offer: string): boolean {
  return /(?:^|,)\s*Basic(?:\s|,|$)/i.test(offer);
}

function checkUser(user: string): void {
  if (!/[:\p{Cc}]/u.test(user)) return;
  throw new SyncError(
    "fatal",
    "BasicUserInvalid",
    "Basic sign-in cannot carry a user name with a colon or a control character",
    { hint: "Correct `auth_user`, or set `auth_type` to `ntlm`" },
  );
}

function notOffered(endpoint: URL): SyncError {
  return new SyncError(
    "fatal",
    "BasicNotOffered",
    `Server "${addressOf(endpoint)}" does not offer Basic sign-in`,
    {
      hint: "Enable Basic authentication on the EWS virtual directory " +
        "(Set-WebServicesVirtualDirectory -BasicAuthentication $true), or set `auth_type` to `ntlm`",
    },
  );
}
