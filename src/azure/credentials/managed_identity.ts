import type { CallOptions, Clock } from "../../core/env.ts";
import { SyncError } from "../../core/errors.ts";
import { addressOf } from "../../http/network_error.ts";
import type { IssuedToken } from "../../http/token_cache.ts";
import { credentialInvalid } from "./credential_error.ts";
import { type ReadVariable, variableOf } from "./environment.ts";
import { issuedTokenOf } from "./issued_token.ts";
import { askMetadata, type MetadataAnswer } from "./metadata_client.ts";
import { STORAGE_RESOURCE, type TokenCandidate } from "./token_candidate.ts";

export interface ManagedIdentityOptions {
  readonly variable: ReadVariable;
  readonly clock: Clock;
  /** Where virtual machines are asked; default that of Azure. */
  readonly instanceMetadata?: URL;
}

/** What is asked, and how. */
interface TokenService {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** It is known to be there, by a variable or because it was; else it is looked for. */
  readonly isConfigured: boolean;
}

/** The address of the Instance Metadata Service, the same on every virtual machine of Azure. */
const INSTANCE_METADATA = new URL("http://169.254.169.254");
const TOKEN_PATH = "/metadata/identity/oauth2/token";
/** It is on the same host; anywhere else there is nothing to connect to. */
const LOOKED_FOR_MS_MAX = 1_000;
const CONNECT_MS_MAX = 10_000;

/** Answers of the Instance Metadata Service that pass: it is restarted, updated, or busy. */
const PASSING: ReadonlySet<number> = new Set([404, 408, 410, 429]);

/**
 * The identity that Azure gives a machine: App Service, Functions and Container Apps name their
 * service by `IDENTITY_ENDPOINT` and `IDENTITY_HEADER`; virtual machines and AKS have the Instance
 * Metadata Service. `AZURE_CLIENT_ID` chooses one of several user-assigned identities.
 */
export class ManagedIdentity implements TokenCandidate {
  readonly name = "managed identity";
  readonly #options: ManagedIdentityOptions;
  #hasGivenToken = false;

  constructor(options: ManagedIdentityOptions) {
    this.#options = options;
  }

  async request({ signal }: CallOptions): Promise<IssuedToken | { readonly absent: string }> {
    const found = this.#service();
    const service = { ...found, isConfigured: found.isConfigured || this.#hasGivenToken };
    const { clock } = this.#options;
    let answer: MetadataAnswer;
    try {
      const connectMsMax = service.isConfigured ? CONNECT_MS_MAX : LOOKED_FOR_MS_MAX;
      answer = await askMetadata({ ...service, clock, signal, connectMsMax });
    } catch (thrown) {
      signal.throwIfAborted();
      if (service.isConfigured || !(thrown instanceof SyncError)) throw thrown;
      return { absent: "this machine has no service for it (it runs outside of Azure)" };
    }
    if (answer.status === 200) {
      const address = addressOf(service.url);
      const issued = issuedTokenOf(answer.body, { address, now: clock.now() });
      this.#hasGivenToken = true;
      return issued;
    }
    const absent = service.isConfigured ? undefined : absenceOf(answer);
    if (absent !== undefined) return { absent };
    throw refusalOf(service, answer);
  }

  #service(): TokenService {
    const { variable, instanceMetadata = INSTANCE_METADATA } = this.#options;
    const endpoint = variableOf(variable, "IDENTITY_ENDPOINT");
    const secret = variableOf(variable, "IDENTITY_HEADER");
    if (endpoint !== undefined && secret !== undefined) {
      const url = urlOf(endpoint, "IDENTITY_ENDPOINT");
      this.#ask(url, "2019-08-01");
      return { url, headers: { "x-identity-header": secret }, isConfigured: true };
    }
    const host = variableOf(variable, "AZURE_POD_IDENTITY_AUTHORITY_HOST");
    const base = host === undefined
      ? instanceMetadata
      : urlOf(host, "AZURE_POD_IDENTITY_AUTHORITY_HOST");
    const url = new URL(TOKEN_PATH, base);
    this.#ask(url, "2018-02-01");
    return { url, headers: { metadata: "true" }, isConfigured: host !== undefined };
  }

  #ask(url: URL, apiVersion: string): void {
    url.searchParams.set("api-version", apiVersion);
    url.searchParams.set("resource", STORAGE_RESOURCE);
    const clientId = variableOf(this.#options.variable, "AZURE_CLIENT_ID");
    if (clientId !== undefined) url.searchParams.set("client_id", clientId);
  }
}

/** Why an answer of the service that was looked for means that there is no identity; or nothing. */
function absenceOf({ status, body }: MetadataAnswer): string | undefined {
  if (status >= 500 || status === 429) return undefined;
  // Every refusal of the service says `error`; other clouds have services of their own there.
  const isAzure = typeof body === "object" && body !== null && "error" in body;
  if (!isAzure) return "what answers in its place is not Azure's service";
  return status === 400
    ? "this machine has no identity, or not the one of AZURE_CLIENT_ID"
    : undefined;
}

function refusalOf({ url }: TokenService, { status }: MetadataAnswer): SyncError {
  const message = `The managed identity service "${addressOf(url)}" gives no token: HTTP ${status}`;
  if (PASSING.has(status) || status >= 500) {
    return new SyncError("retryable", "AuthorityUnavailable", message, {
      hint: "Nothing for now: it is tried again",
    });
  }
  return credentialInvalid(
    message,
    "Assign a managed identity to this machine or app, and let AZURE_CLIENT_ID, if it is set, be " +
      "the client id of a user-assigned one",
  );
}

function urlOf(text: string, name: string): URL {
  if (URL.canParse(text) && /^https?:/i.test(text)) return new URL(text);
  throw credentialInvalid(`${name} is no URL`, `Unset ${name}, or set it to an http URL`);
}
