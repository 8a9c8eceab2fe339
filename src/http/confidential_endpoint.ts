import { SyncError } from "../core/errors.ts";
import { addressOf } from "./network_error.ts";

/**
 * Refuses to send credentials over a network as they are (RFC 7617 section 4, RFC 6750 section 5.3):
 * the endpoint must be reached over TLS, or be this machine.
 *
 * @throws SyncError of kind `fatal`, code `BasicUnencrypted` or `BearerUnencrypted`.
 */
export function checkConfidential(endpoint: URL, scheme: "Basic" | "Bearer"): void {
  if (endpoint.protocol === "https:" || isThisMachine(endpoint.hostname)) return;
  const what = scheme === "Basic" ? "the password" : "an access token";
  throw new SyncError(
    "fatal",
    `${scheme}Unencrypted`,
    `Nothing was sent to "${addressOf(endpoint)}": ${what} would travel unencrypted over http`,
    { hint: "Let `ews_endpoint` begin with https://" },
  );
}

function isThisMachine(hostname: string): boolean {
  return /^(?:localhost|127\.[0-9]+\.[0-9]+\.[0-9]+|\[::1\])$/.test(hostname);
}
