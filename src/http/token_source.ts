import type { CallOptions } from "../core/env.ts";
import type { Secret } from "../core/secret.ts";

/** An OAuth 2.0 access token; the same object as long as it is the same token. */
export interface AccessToken {
  readonly value: Secret;
}

/** Where the tokens for one scope come from. */
export interface TokenSource extends AsyncDisposable {
  /**
   * A token that is valid now; asked for once, however many wait. Rejects with a `SyncError` if
   * there is none to be had, or with the signal's reason.
   */
  token(options: CallOptions): Promise<AccessToken>;

  /**
   * A token that is newer than `refused`, which a server did not accept although it should be valid;
   * asked for once, however many bring the same one. Rejects as `token` does.
   */
  replacement(refused: AccessToken, options: CallOptions): Promise<AccessToken>;
}
