import type { TokenJudge } from "../exchange/authentication.ts";
import { GraphError } from "./graph_errors.ts";

/** The authority that issued a token: what it is worth, and what it was issued for. */
export interface GraphTokenJudge extends TokenJudge {
  /** The service named by the scope, without `/.default`; undefined for an unknown token. */
  audienceOf(token: string): string | undefined;
}

const CHALLENGE = {
  "WWW-Authenticate": 'Bearer realm="", authorization_uri="https://login.microsoftonline.com/' +
    'common/oauth2/authorize", client_id="00000003-0000-0000-c000-000000000000"',
};

const FAULTS = {
  unknown: "IDX14100: JWT is not well formed, there are no dots (.).",
  expired: "Lifetime validation failed, the token is expired.",
  revoked: "Continuous access evaluation resulted in challenge: the token was revoked.",
} as const;

/** Why a request is not signed in (RFC 6750); undefined where it is. */
export function refusalOfToken(
  field: string | undefined,
  authority: GraphTokenJudge,
  audiences: readonly string[],
): GraphError | undefined {
  const [, token] = /^Bearer +([\x21-\x7e]+)$/i.exec(field ?? "") ?? [];
  if (!token) return refusal("Access token is empty.");
  const verdict = authority.judge(token);
  if (verdict !== "accepted") return refusal(FAULTS[verdict]);
  const audience = authority.audienceOf(token) ?? "";
  return audiences.includes(audience)
    ? undefined
    : refusal("Access token validation failure. Invalid audience.");
}

function refusal(message: string): GraphError {
  return new GraphError(401, "InvalidAuthenticationToken", message, CHALLENGE);
}
