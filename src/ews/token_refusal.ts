import { type ErrorKind, SyncError } from "../core/errors.ts";
import type { HttpResponse } from "../http/transport.ts";
import { serverWords } from "../source/server_words.ts";

interface Refusal {
  /** What the reason or its category has in it; the first row that matches counts. */
  readonly said: RegExp;
  readonly kind?: ErrorKind;
  readonly code: string;
  readonly what: string;
  readonly hint: string;
}

const CLOCK_HINT =
  "Set the clocks of this machine and of the Exchange server by NTP: a new token was refused, too";
const AUTHORITY_HINT =
  "Check that auth_oauth_authority is the tenant that the mailbox belongs to; on-premises, that " +
  "Exchange trusts that authority (Get-AuthServer)";

/**
 * Why Exchange refuses a token: the reasons and categories of `x-ms-diagnostics` (Microsoft,
 * "Instrumenting client requests for EWS and REST in Exchange") and the error of a `Bearer` challenge
 * (RFC 6750 section 3). Reasons come first: several share one category.
 */
const REFUSALS: readonly Refusal[] = [
  {
    said: /not yet valid|before its valid|notbefore|\bnbf\b/i,
    code: "TokenNotYetValid",
    what: "says that the token is not valid yet",
    hint: CLOCK_HINT,
  },
  {
    said: /token_expired|\bexpired\b|lifetime/i,
    code: "TokenExpired",
    what: "says that the token has expired",
    hint: CLOCK_HINT,
  },
  {
    said: /invalid_resource|audience/i,
    code: "TokenAudienceWrong",
    what: "says that the token is for another server",
    hint: "Set auth_oauth_scope to the server's own address followed by /.default: " +
      "https://outlook.office365.com/.default for Exchange Online, on-premises the audience that " +
      "Exchange expects (Get-PartnerApplication and Get-AuthConfig, Realm and ServiceName)",
  },
  {
    said: /issuer/i,
    code: "TokenIssuerUnknown",
    what: "does not know who has issued the token",
    hint: AUTHORITY_HINT,
  },
  {
    said: /invalid_tenant|\btenant\b.*\b(?:not exist|unknown|not found)/i,
    code: "TokenTenantUnknown",
    what: "does not know the token's tenant",
    hint: AUTHORITY_HINT,
  },
  {
    said:
      /invalid_grant|invalid_client|insufficient_scope|does not have access|not have access|permissions?\b|\bscope|\brole/i,
    code: "TokenLacksPermission",
    what: "says that the application may not use it",
    hint: "Give the application (auth_oauth_client_id) the application permission " +
      "full_access_as_app of Office 365 Exchange Online with an administrator's consent, or the " +
      'role "Application EWS.AccessAsApp" (New-ManagementRoleAssignment -App), and set access_type ' +
      "to impersonation",
  },
  {
    said: /invalid_user/i,
    code: "TokenUserUnknown",
    what: "does not find the mailbox that the token is used for",
    hint:
      "Check that the configured address is the primary SMTP address of an existing mailbox of " +
      "this tenant (Get-Mailbox ADDRESS)",
  },
  {
    said: /insuffici\w+_claims/i,
    code: "TokenClaimsMissing",
    what: "demands more of the token than it has",
    hint: "Let this application past the policy that demands it: conditional access for workload " +
      "identities, or tenant restrictions of a proxy, in the Entra admin center",
  },
  {
    said: /oauth_not_available|flighting/i,
    code: "TokenNotTaken",
    what: "does not take tokens for this mailbox",
    hint: "Switch modern authentication on (Set-OrganizationConfig -OAuth2ClientProfileEnabled " +
      "$true; on-premises hybrid modern authentication or AD FS), or set auth_type to ntlm",
  },
  {
    said: /internal_error/i,
    kind: "retryable",
    code: "TokenNotChecked",
    what: "could not check the token",
    hint: "Wait; if this lasts, ask whoever runs Exchange whether it reaches the authority",
  },
  {
    said: /invalid_signature|signature/i,
    code: "TokenSignatureInvalid",
    what: "does not accept the token's signature",
    hint: "Refresh what Exchange knows of the authority's keys: Set-AuthServer NAME " +
      "-RefreshAuthMetadata",
  },
];

const OTHER: Omit<Refusal, "said"> = {
  code: "TokenRefused",
  what: "does not accept the token",
  hint: "Check auth_oauth_authority, auth_oauth_client_id and auth_oauth_scope",
};

/**
 * The error of an answer that refuses a token and says why; absent for one that says nothing of a
 * token, hence refuses other credentials. Never the token itself, even if the server repeats it.
 */
export function tokenRefusalOf({ status, headers }: HttpResponse): SyncError | undefined {
  const said = [
    headers.get("x-ms-diagnostics"),
    bearerErrorIn(headers.get("www-authenticate") ?? ""),
  ].filter((words) => words !== undefined).map(serverWords);
  if (said.length === 0) return undefined;
  const { kind = "mailbox", code, what, hint } = refusalOf(said);
  const message = `The server ${what} (HTTP ${status}): "${said[0]}"`;
  return new SyncError(kind, code, message, { hint });
}

function refusalOf(said: readonly string[]): Omit<Refusal, "said"> {
  for (const words of said) {
    const refusal = REFUSALS.find((candidate) => candidate.said.test(words));
    if (refusal) return refusal;
  }
  return OTHER;
}

/** What a `Bearer` challenge says of an error; the challenge of a request without token has none. */
function bearerErrorIn(challenges: string): string | undefined {
  const bearer = /\bBearer\b/i.exec(challenges);
  if (!bearer) return undefined;
  const parameters = challenges.slice(bearer.index);
  const said = ["error", "error_description"].map((name) =>
    new RegExp(`\\b${name}\\s*=\\s*"([^"]{0,500})"`, "i").exec(parameters)?.[1]
  ).filter((words) => words !== undefined);
  return said.length === 0 ? undefined : said.join(": ");
}
