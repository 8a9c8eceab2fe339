import type { CallOptions } from "../../core/env.ts";
import type { IssuedToken } from "../../http/token_cache.ts";

/** One of the ways to come to an access token for Azure Storage. */
export interface TokenCandidate {
  /** For messages, e.g. `managed identity`. */
  readonly name: string;
  /**
   * Asks for a token once, or says why this way is not there to go on this machine, completing
   * `NAME: `. Rejects with a `SyncError` where it is there and fails: `retryable` if that can pass,
   * else `destination`; or with the signal's reason.
   */
  request(options: CallOptions): Promise<IssuedToken | { readonly absent: string }>;
}

/** What tokens are for, in the words of OAuth 2.0 and in those of managed identities. */
export const STORAGE_RESOURCE = "https://storage.azure.com";
export const STORAGE_SCOPE = `${STORAGE_RESOURCE}/.default`;
