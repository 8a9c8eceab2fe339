import type { CallOptions, Clock } from "../../core/env.ts";
import { SyncError } from "../../core/errors.ts";
import type { Secret } from "../../core/secret.ts";
import { AuthorityClient, type AuthorityClientOptions } from "../../http/authority_client.ts";
import { addressOf } from "../../http/network_error.ts";
import type { IssuedToken } from "../../http/token_cache.ts";
import { type AuthorityAnswer, tokenFailureOf } from "../../http/token_errors.ts";
import { inOurWords, type ProofKind, unreachedInOurWords } from "./authority_words.ts";
import { credentialInvalid } from "./credential_error.ts";
import { issuedTokenOf } from "./issued_token.ts";
import { STORAGE_SCOPE } from "./token_candidate.ts";

export interface ClientCredentialsOptions extends Omit<AuthorityClientOptions, "authority"> {
  /** `AZURE_AUTHORITY_HOST`; absent: that of the public cloud. */
  readonly authorityHost: string | undefined;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clock: Clock;
}

/** How an application proves who it is to the authority. */
export interface ClientProof {
  /** All but a secret are a JWT that names the application (RFC 7523). */
  readonly kind: ProofKind;
  readonly value: Secret;
}

const PUBLIC_CLOUD = "https://login.microsoftonline.com";

/**
 * Tokens of Microsoft Entra ID by the client credentials flow (RFC 6749 section 4.4), one request
 * each. One form serves secret, certificate and workload identity, which is why neither
 * `@azure/identity`, whose certificates fail in this runtime, nor MSAL is needed here.
 */
export class ClientCredentials {
  readonly #options: ClientCredentialsOptions;
  readonly #authority: AuthorityClient;
  /** Where tokens are asked for: what an assertion must be for. */
  readonly tokenEndpoint: URL;

  /** @throws SyncError for a host or a tenant that cannot be one. */
  constructor(options: ClientCredentialsOptions) {
    const host = authorityHostOf(options.authorityHost);
    if (!/^[A-Za-z0-9.-]+$/.test(options.tenantId)) {
      throw credentialInvalid(
        "AZURE_TENANT_ID is neither an id nor a domain",
        "Set AZURE_TENANT_ID to the Directory (tenant) ID of the application",
      );
    }
    this.#options = options;
    this.tokenEndpoint = new URL(`/${options.tenantId}/oauth2/v2.0/token`, host);
    this.#authority = new AuthorityClient({ ...options, authority: host });
  }

  /** Rejects with a `SyncError`, `retryable` or `destination`, or with the signal's reason. */
  async request(proof: ClientProof, options: CallOptions): Promise<IssuedToken> {
    const { clientId, clock } = this.#options;
    const { kind } = proof;
    const sent = proof.value.reveal();
    const form = new URLSearchParams({
      grant_type: "client_credentials",
      client_id: clientId,
      scope: STORAGE_SCOPE,
      ...(kind === "secret" ? { client_secret: sent } : {
        client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        client_assertion: sent,
      }),
    });
    const answer = await this.#ask(form, kind, options);
    const address = addressOf(this.tokenEndpoint);
    if (answer.status === 200) return issuedTokenOf(answer.body, { address, now: clock.now() });
    const failure = tokenFailureOf(answer, {
      address,
      clientId,
      credential: kind,
      now: clock.now(),
      secrets: [sent],
    });
    if ("error" in failure) throw inOurWords(failure.error, kind);
    const { code, message, hint } = failure.refusal;
    throw inOurWords(new SyncError("destination", code, message, { hint }), kind);
  }

  async #ask(
    form: URLSearchParams,
    kind: ProofKind,
    options: CallOptions,
  ): Promise<AuthorityAnswer> {
    try {
      return await this.#authority.post(this.tokenEndpoint, form, options);
    } catch (thrown) {
      options.signal.throwIfAborted();
      throw thrown instanceof SyncError ? unreachedInOurWords(thrown, kind) : thrown;
    }
  }
}

function authorityHostOf(configured: string | undefined): URL {
  const text = configured ?? PUBLIC_CLOUD;
  const withScheme = /^[a-z]+:\/\//i.test(text) ? text : `https://${text}`;
  if (URL.canParse(withScheme) && new URL(withScheme).protocol === "https:") {
    return new URL(new URL(withScheme).origin);
  }
  throw credentialInvalid(
    "AZURE_AUTHORITY_HOST is no https URL",
    `Unset AZURE_AUTHORITY_HOST, or set it to that of your cloud, e.g. ${PUBLIC_CLOUD}`,
  );
}
