import type { Secret } from "../core/secret.ts";
import type { TokenSource } from "../http/token_source.ts";

/** How requests to the Blob service prove who they come from. */
export type BlobCredential =
  | { readonly kind: "key"; readonly accountKey: Secret }
  | {
    readonly kind: "sas";
    /** The query of a signed URL, without its question mark. */
    readonly token: Secret;
    /** When it expires, as it says itself (`se`). */
    readonly expiry?: string;
  }
  | {
    readonly kind: "token";
    /** Closed by whoever opened the credential. */
    readonly tokens: TokenSource;
    /** Object id of whoever the last token was for; nothing before, or if it does not tell. */
    readonly principal: () => string | undefined;
    /** The way on which tokens come, e.g. `managed identity`; nothing before the first. */
    readonly way: () => string | undefined;
  };

/** A credential, and where it says that the account's blobs are. */
export interface BlobAccess {
  readonly credential: BlobCredential;
  /** Of a connection string; absent: it does not say. */
  readonly endpoint?: URL;
}
