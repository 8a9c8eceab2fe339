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
  };

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
