import { Secret } from "../../src/core/secret.ts";
import { createMsalTokenSource, type MsalTokenOptions } from "../../src/http/msal_tokens.ts";
import type { TokenSource } from "../../src/http/token_source.ts";
import type { SimulatedAuthority } from "./simulated_authority.ts";

/** Tokens as the one application of `authority` gets them, with its client secret. */
export function tokensOf(
  authority: SimulatedAuthority,
  options: Pick<MsalTokenOptions, "gate" | "clock" | "log" | "scope"> & Partial<MsalTokenOptions>,
): TokenSource {
  return createMsalTokenSource({
    authority: authority.url,
    clientId: authority.clientId,
    credential: { secret: new Secret(authority.secret) },
    caCerts: [authority.caPem],
    ...options,
  });
}
