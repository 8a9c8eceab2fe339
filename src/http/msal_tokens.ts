import type { INetworkModule, NetworkRequestOptions, NetworkResponse } from "@azure/msal-node";
import type { CallOptions, Clock, Logger } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { Secret } from "../core/secret.ts";
import { AuthorityClient, type AuthorityClientOptions } from "./authority_client.ts";
import { authorityOf } from "./authority_url.ts";
import { type ClientCertificate, clientCertificateOf } from "./client_certificate.ts";
import type { CredentialGate, SignInResult } from "./credential_gate.ts";
import { foreignText } from "./foreign_text.ts";
import { numberInJson } from "./number_in_json.ts";
import { guardedSignIn, passGate } from "./guarded_sign_in.ts";
import { addressOf } from "./network_error.ts";
import { type RotatingSecret, rotatingSecretOf } from "./rotating_secret.ts";
import { type IssuedToken, TokenCache } from "./token_cache.ts";
import {
  answerInvalidOf,
  type AuthorityAnswer,
  skewOf,
  type TokenFailure,
  tokenFailureOf,
  type TokenRequestContext,
} from "./token_errors.ts";
import type { TokenSource } from "./token_source.ts";

export interface MsalTokenOptions extends Omit<AuthorityClientOptions, "authority"> {
  /** As configured: see `authorityOf`. */
  readonly authority: URL;
  readonly clientId: string;
  readonly credential: ClientCredential;
  /** One service followed by `/.default`. */
  readonly scope: string;
  /** Shared by everything in the process that signs in as this client. */
  readonly gate: CredentialGate;
  readonly log: Logger;
}

/** How the client proves who it is. */
export type ClientCredential =
  | { readonly secret: Secret | RotatingSecret }
  /** Both as configured: see `clientCertificateOf`. */
  | { readonly privateKey: Secret | RotatingSecret; readonly thumbprint?: string };

/**
 * Tokens by the client credentials flow (RFC 6749 section 4.4) from Microsoft Entra ID, AD FS or
 * another authority that speaks like them. Refusals are the gate's business, with the code and the
 * remedy of what was refused (`token_errors.ts`).
 *
 * @throws SyncError of kind `fatal`: `OauthAuthorityInvalid`, `OauthKeyInvalid`,
 * `OauthThumbprintInvalid`.
 */
export function createMsalTokenSource(options: MsalTokenOptions): TokenSource {
  const { credential, gate, clock, log } = options;
  const secret = rotatingSecretOf(
    "secret" in credential ? credential.secret : credential.privateKey,
  );
  const client = new MsalClient({ ...options, authority: authorityOf(options.authority) });
  client.check(secret.current);
  const guarded = { gate, secret };
  const request = async (call: CallOptions): Promise<IssuedToken> => {
    // A key that was being replaced when it was read last may be whole by now.
    if (!client.canUse(secret.current)) await secret.reread();
    await passGate(guarded);
    return await guardedSignIn(guarded, (current) => client.signIn(current, call), call);
  };
  return new TokenCache({ request, clock, log });
}

/** Asks for tokens one by one: what MSAL would remember between them is kept nowhere. */
class MsalClient {
  readonly #options: MsalTokenOptions;
  readonly #authority: AuthorityClient;
  #isSkewSaid = false;

  constructor(options: MsalTokenOptions) {
    this.#options = options;
    this.#authority = new AuthorityClient(options);
  }

  /** Throws as `clientCertificateOf` does. */
  check(secret: Secret): void {
    this.#certificateOf(secret);
  }

  canUse(secret: Secret): boolean {
    try {
      this.check(secret);
      return true;
    } catch (error) {
      if (!(error instanceof SyncError)) throw error;
      return false;
    }
  }

  /** One token request. Rejects with a `SyncError` that is no refusal, or the signal's reason. */
  async signIn(secret: Secret, options: CallOptions): Promise<SignInResult<IssuedToken>> {
    const network = new MsalNetwork(this.#authority, options, this.#context());
    // Heavy, and most appliances sign in with NTLM.
    const msal = await import("@azure/msal-node");
    const { authority, clientId, scope } = this.#options;
    try {
      const application = new msal.ConfidentialClientApplication({
        auth: {
          clientId,
          authority: authority.href,
          // Spares the question to Microsoft whether it knows this host, and lets it be any.
          knownAuthorities: [authority.host],
          ...this.#credentialOf(secret),
        },
        system: { networkClient: network, disableInternalRetries: true },
      });
      await application.acquireTokenByClientCredential({
        scopes: [scope],
        skipCache: true,
        // A variable of the environment would have it ask another host.
        azureRegion: "DisableMsalForceRegion",
      });
    } catch (thrown) {
      options.signal.throwIfAborted();
      return this.#resultOf(network.failure ?? thrown, this.#context());
    }
    this.#saySkew(network.answer);
    return { verdict: "accepted", value: issuedTokenOf(network.answer, this.#context()) };
  }

  /** What a request came to that brought no token. */
  #resultOf(thrown: unknown, context: MsalContext): SignInResult<never> {
    if (thrown instanceof SyncError) {
      // Where signing in has worked, what is wrong now can be mended while the process waits.
      throw thrown.kind === "fatal" && this.#options.gate.everAccepted
        ? thrown.as("mailbox")
        : thrown;
    }
    if (!(thrown instanceof RefusedByAuthority)) {
      throw answerInvalidOf(`MSAL says ${codeOf(thrown)}`, context);
    }
    if ("error" in thrown.failure) throw thrown.failure.error;
    return { verdict: "refused", refusal: thrown.failure.refusal };
  }

  #credentialOf(secret: Secret) {
    const certificate = this.#certificateOf(secret);
    if (!certificate) return { clientSecret: secret.reveal() };
    const { privateKey, thumbprint, thumbprintHash } = certificate;
    return {
      clientCertificate: {
        privateKey: privateKey.reveal(),
        ...(thumbprintHash === "SHA-1" ? { thumbprint } : { thumbprintSha256: thumbprint }),
      },
    };
  }

  #certificateOf(secret: Secret): ClientCertificate | undefined {
    const { credential } = this.#options;
    if ("secret" in credential) return undefined;
    return clientCertificateOf(secret, credential.thumbprint);
  }

  #context(): MsalContext {
    const { authority, clientId, credential, clock } = this.#options;
    return {
      address: addressOf(authority),
      clientId,
      credential: "secret" in credential ? "secret" : "certificate",
      clock,
    };
  }

  /** A clock that is off is named before it does harm. */
  #saySkew(answer: AuthorityAnswer | undefined): void {
    const { clock, log } = this.#options;
    const skew = answer && skewOf(answer, { now: clock.now() });
    if (skew === undefined || this.#isSkewSaid) return;
    this.#isSkewSaid = true;
    log.warn("The clock of this machine is off.", {
      reason: skew,
      hint: "Set it right (chrony or systemd-timesyncd): sign-in depends on it",
    });
  }
}

type MsalContext = Omit<TokenRequestContext, "now" | "secrets"> & { readonly clock: Clock };

/** A refusal on its way through MSAL, which would make another error of it. */
class RefusedByAuthority extends Error {
  constructor(readonly failure: TokenFailure) {
    super("The authority gives no token");
  }
}

/** MSAL's way to the network: our connections, our bounds, and none of its telemetry. */
class MsalNetwork implements INetworkModule {
  readonly #authority: AuthorityClient;
  readonly #options: CallOptions;
  readonly #context: MsalContext;
  /** What the authority may repeat and nobody may read. */
  #sent: readonly (string | null)[] = [];
  /** What went wrong, which MSAL wraps or swallows. */
  failure: unknown;
  /** The last answer that was a success. */
  answer: AuthorityAnswer | undefined;

  constructor(authority: AuthorityClient, options: CallOptions, context: MsalContext) {
    this.#authority = authority;
    this.#options = options;
    this.#context = context;
  }

  sendGetRequestAsync<T>(url: string): Promise<NetworkResponse<T>> {
    return this.#succeeding(() => this.#authority.get(new URL(url), this.#options));
  }

  sendPostRequestAsync<T>(
    url: string,
    options?: NetworkRequestOptions,
  ): Promise<NetworkResponse<T>> {
    const form = new URLSearchParams(options?.body ?? "");
    for (const name of [...form.keys()]) {
      if (/^x-(?:client|app)-/i.test(name)) form.delete(name);
    }
    this.#sent = [form.get("client_secret"), form.get("client_assertion")];
    return this.#succeeding(() => this.#authority.post(new URL(url), form, this.#options));
  }

  async #succeeding<T>(ask: () => Promise<AuthorityAnswer>): Promise<NetworkResponse<T>> {
    try {
      const answer = await ask();
      this.answer = this.#checked(answer);
      return { status: answer.status, headers: {}, body: answer.body as T };
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }

  #checked(answer: AuthorityAnswer): AuthorityAnswer {
    const { clock, ...context } = this.#context;
    if (answer.status !== 200) {
      const secrets = this.#sent.filter((text) => text !== null);
      const told = { ...context, secrets, now: clock.now() };
      throw new RefusedByAuthority(tokenFailureOf(answer, told));
    }
    if (typeof answer.body === "object" && answer.body !== null) return answer;
    throw answerInvalidOf("HTTP 200 without JSON", context);
  }
}

/** MSAL's name for an error, which may be the authority's; its texts may quote what was sent. */
function codeOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return "nothing of use";
  return "errorCode" in thrown ? foreignText(String(thrown.errorCode)) : thrown.name;
}

/** RFC 6749 section 5.1; `refresh_in` is Microsoft's, for tokens that live a day. */
function issuedTokenOf(answer: AuthorityAnswer | undefined, context: MsalContext): IssuedToken {
  const fields: Readonly<Record<string, unknown>> = { ...(answer?.body ?? {}) };
  const { access_token: value, expires_in: lifetime, refresh_in: renewal } = fields;
  const lifetimeMs = numberInJson(lifetime) * 1000;
  const renewAfterMs = numberInJson(renewal) * 1000;
  if (typeof value !== "string" || !/^[\x21-\x7e]+$/.test(value) || !(lifetimeMs > 0)) {
    throw answerInvalidOf("HTTP 200 without a usable token", context);
  }
  return {
    value: new Secret(value),
    lifetimeMs,
    ...(renewAfterMs > 0 ? { renewAfterMs } : {}),
  };
}
