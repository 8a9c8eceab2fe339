import type { CallOptions, Clock, Logger } from "../../core/env.ts";
import { SyncError } from "../../core/errors.ts";
import { type IssuedToken, TokenCache } from "../../http/token_cache.ts";
import type { BlobCredential } from "../blob_credential.ts";
import { principalOf } from "./issued_token.ts";
import type { TokenCandidate } from "./token_candidate.ts";

export interface CredentialChainOptions {
  /** In the order in which they are tried. */
  readonly candidates: readonly TokenCandidate[];
  readonly clock: Clock;
  readonly log: Logger;
}

/** A refusal is not asked for again before, ms: every lease and every probe would like to. */
const REFUSAL_PAUSE_MS = 60_000;

/**
 * The first of several ways to a token that is there to go, for good: one that is configured and fails
 * is reported, and no other takes its place, which would be somebody else.
 */
export class CredentialChain {
  readonly #options: CredentialChainOptions;
  #chosen: TokenCandidate | undefined;
  #principal: string | undefined;
  #refusal: { readonly error: SyncError; readonly untilMs: number } | undefined;

  constructor(options: CredentialChainOptions) {
    this.#options = options;
  }

  /** As what signs requests to the Blob service; tokens are kept and renewed ahead of their end. */
  credential(): BlobCredential {
    const { clock, log } = this.#options;
    const request = (options: CallOptions) => this.#request(options);
    return {
      kind: "token",
      tokens: new TokenCache({ request, clock, log }),
      principal: () => this.#principal,
      way: () => this.#chosen?.name,
    };
  }

  async #request(options: CallOptions): Promise<IssuedToken> {
    const { clock } = this.#options;
    if (this.#refusal && clock.monotonicMs() < this.#refusal.untilMs) throw this.#refusal.error;
    try {
      const issued = await this.#asked(options);
      this.#refusal = undefined;
      this.#principal = principalOf(issued.value);
      return issued;
    } catch (thrown) {
      options.signal.throwIfAborted();
      if (!(thrown instanceof SyncError) || thrown.kind === "retryable") throw thrown;
      this.#refusal = { error: thrown, untilMs: clock.monotonicMs() + REFUSAL_PAUSE_MS };
      throw thrown;
    }
  }

  async #asked(options: CallOptions): Promise<IssuedToken> {
    const absences: string[] = [];
    const candidates = this.#chosen ? [this.#chosen] : this.#options.candidates;
    for (const candidate of candidates) {
      const answer = await candidate.request(options);
      if (!("absent" in answer)) {
        this.#chosenBy(candidate);
        return answer;
      }
      absences.push(`${candidate.name}: ${answer.absent}`);
    }
    throw noCredential(absences);
  }

  #chosenBy(candidate: TokenCandidate): void {
    if (this.#chosen) return;
    this.#chosen = candidate;
    this.#options.log.info("Signed in to Azure.", { credential: candidate.name });
  }
}

function noCredential(absences: readonly string[]): SyncError {
  return new SyncError(
    "destination",
    "AzureCredentialMissing",
    `There is nothing to sign in to Azure with: ${absences.join("; ")}`,
    {
      hint: "Set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET or " +
        "AZURE_CLIENT_CERTIFICATE_PATH, or AZURE_STORAGE_CONNECTION_STRING, or give this machine " +
        "a managed identity, or sign in with az login as the user that this program runs as",
    },
  );
}
