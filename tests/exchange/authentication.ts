import { Buffer } from "node:buffer";
import type { Account } from "./access_rights.ts";
import type { LogonAttempt, NtlmAcceptor } from "./ntlm_acceptor.ts";

/** What an `Authorization` field led to. */
export type Authentication =
  | { readonly account: Account; readonly attempt: LogonAttempt }
  | {
    readonly account?: never;
    /** Values of `WWW-Authenticate` in the 401. */
    readonly challenges: readonly string[];
    /** Present where someone was refused, absent where the server only asks. */
    readonly attempt?: LogonAttempt;
    /** Value of `x-ms-diagnostics` in the 401. */
    readonly diagnostics?: string;
  };

/** Tells what a bearer token is worth: the authority that issued it. */
export interface TokenJudge {
  judge(token: string): "accepted" | "unknown" | "expired" | "revoked";
}

/** What IIS offers for the EWS directory of an Exchange server. */
const NTLM_OFFER = ["Negotiate", "NTLM"];

/**
 * NTLM over HTTP (MS-NTHT): two round trips, each message in base64. `Negotiate` with a bare NTLM
 * message is taken as well, as IIS does; Kerberos is not.
 */
export function authenticateNtlm(field: string | undefined, ntlm: NtlmAcceptor): Authentication {
  const [, scheme, text] = /^(NTLM|Negotiate) +([A-Za-z0-9+/=]+)$/i.exec(field ?? "") ?? [];
  if (!scheme || !text) return { challenges: NTLM_OFFER };
  const step = ntlm.take(Buffer.from(text, "base64"));
  if (step.step === "challenge") {
    return { challenges: [`${scheme} ${step.message.toString("base64")}`] };
  }
  if (step.step === "accepted") return step;
  return { challenges: NTLM_OFFER, attempt: step.attempt };
}

/** Basic (RFC 7617): what a server answers whose administrator switched Windows sign-in off. */
export function authenticateBasic(
  field: string | undefined,
  accounts: readonly Account[],
): Authentication {
  const challenges = ['Basic realm="simulated-exchange"'];
  const [, text] = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(field ?? "") ?? [];
  if (!text) return { challenges };
  const [, user = "", password = ""] =
    /^([^:]*):(.*)$/s.exec(Buffer.from(text, "base64").toString("utf8")) ?? [];
  const account = accounts.find((candidate) =>
    [candidate.principalName, `${candidate.domain}\\${candidate.user}`, candidate.user]
      .some((name) => name.toLowerCase() === user.toLowerCase())
  );
  if (!account) return { challenges, attempt: { user, outcome: "unknown user" } };
  return account.password === password
    ? { account, attempt: { user, outcome: "accepted" } }
    : { challenges, attempt: { user, outcome: "wrong password" } };
}

const BEARER_OFFER =
  'Bearer client_id="00000002-0000-0ff1-ce00-000000000000", token_types="app_asserted_user_v1 ' +
  'service_asserted_app_v1"';

/** What Exchange says of a token it does not take. */
const TOKEN_FAULTS = {
  unknown: '2000001;reason="The token has an invalid signature.";error_category="invalid_token"',
  expired: '2000002;reason="The token has expired.";error_category="invalid_token"',
  revoked: '2000001;reason="The token was revoked.";error_category="invalid_token"',
} as const;

/** A bearer token (RFC 6750) of the application that `account` stands for. */
export function authenticateBearer(
  field: string | undefined,
  account: Account,
  judge: TokenJudge,
): Authentication {
  const [, token] = /^Bearer +([\x21-\x7e]+)$/i.exec(field ?? "") ?? [];
  if (!token) return { challenges: [BEARER_OFFER] };
  const verdict = judge.judge(token);
  const { principalName: user } = account;
  if (verdict === "accepted") return { account, attempt: { user, outcome: "accepted" } };
  const challenges = [`${BEARER_OFFER}, error="invalid_token"`];
  return { challenges, diagnostics: TOKEN_FAULTS[verdict] };
}
