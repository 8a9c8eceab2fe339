import { SyncError } from "../core/errors.ts";
import { retryAfterMsOf } from "../core/retry_after.ts";
import type { HttpResponse } from "../http/transport.ts";
import { accessPolicyErrorOf } from "./access_policy.ts";
import { tokenRefusalOf } from "./token_refusal.ts";

const EWS_BLOCKED_HINT = "Allow EWS for the organisation and the mailbox: Set-OrganizationConfig " +
  "-EwsEnabled $true, Set-CASMailbox MAILBOX -EwsEnabled $true, and the user agent reinfer-ews past " +
  "EwsApplicationAccessPolicy; in Exchange Online also Set-OrganizationConfig -EwsAllowedAppIDs " +
  "with auth_oauth_client_id";
const SIGN_IN_HINT =
  "Check auth_type and its credentials (auth_user and auth_password, or those of " +
  "auth_oauth_client_id), and whether the account may sign in without another factor";
const ENDPOINT_HINT = "Check ews_endpoint: it usually ends in /EWS/Exchange.asmx";
const REQUEST_HINT = "Check whether something between here and Exchange changes or limits requests";
const HEALTH_HINT = "Wait; if this lasts, look at the health of the Exchange servers " +
  "(Get-ServerHealth, Test-ServiceHealth)";
const BUSY_HINT = "Wait; if this lasts, look at the throttling policy of the account " +
  "(Get-ThrottlingPolicyAssociation) and the load of the servers";
const GATEWAY_HINT = "Wait; if this lasts, look at the load balancer or proxy before Exchange";
const CAS_HINT =
  "Check that the mailbox exists and its database is mounted (Get-Mailbox MAILBOX, " +
  "Get-MailboxDatabaseCopyStatus)";

/** What a status means. A `retryable` one passes by itself. */
interface Meaning {
  readonly kind: "retryable" | "mailbox";
  /** Goes on from "The server". */
  readonly what: string;
  readonly hint: string;
}

/** Statuses of answers that are not SOAP (facts: Exchange, IIS, Exchange Online, proxies). */
const MEANINGS: Readonly<Record<number, Meaning>> = {
  200: {
    kind: "retryable",
    what: "answers with a page instead of XML",
    hint: `${ENDPOINT_HINT}, and no sign-in page may answer in its place`,
  },
  400: { kind: "mailbox", what: "cannot read the request", hint: REQUEST_HINT },
  401: { kind: "mailbox", what: "does not accept the credentials", hint: SIGN_IN_HINT },
  403: { kind: "mailbox", what: "forbids access to EWS", hint: EWS_BLOCKED_HINT },
  404: { kind: "mailbox", what: "has no EWS at this address", hint: ENDPOINT_HINT },
  405: { kind: "mailbox", what: "does not take EWS requests at this address", hint: ENDPOINT_HINT },
  407: {
    kind: "mailbox",
    what: "is behind a proxy that demands a sign-in",
    hint: "Put the proxy's user and password into HTTPS_PROXY",
  },
  408: { kind: "retryable", what: "has waited too long for the request", hint: GATEWAY_HINT },
  409: { kind: "retryable", what: "cannot answer at the moment", hint: HEALTH_HINT },
  413: { kind: "mailbox", what: "does not take a request of this size", hint: REQUEST_HINT },
  429: { kind: "retryable", what: "gets too many requests", hint: BUSY_HINT },
  440: { kind: "mailbox", what: "has ended the sign-in", hint: SIGN_IN_HINT },
  456: {
    kind: "mailbox",
    what: "demands another factor or has blocked the account",
    hint: SIGN_IN_HINT,
  },
  457: {
    kind: "mailbox",
    what: "demands that the password be changed",
    hint: "Set a new password for the account and put it into auth_password",
  },
  500: { kind: "retryable", what: "fails before EWS answers", hint: HEALTH_HINT },
  501: { kind: "mailbox", what: "does not know this kind of request", hint: ENDPOINT_HINT },
  502: {
    kind: "retryable",
    what: "cannot be reached by what stands before it",
    hint: GATEWAY_HINT,
  },
  503: { kind: "retryable", what: "is overloaded or stopped", hint: HEALTH_HINT },
  504: { kind: "retryable", what: "does not answer what stands before it", hint: GATEWAY_HINT },
};

const SERVER_FAILURE: Meaning = { kind: "retryable", what: "fails", hint: HEALTH_HINT };
const REFUSAL: Meaning = { kind: "mailbox", what: "refuses the request", hint: REQUEST_HINT };

/** A failure that Exchange's front end names by `X-CasErrorCode`: it does not find the mailbox. */
const CAS_FAILURE: Meaning = {
  kind: "retryable", // a few times: see `attemptsMaxOf`
  what: "does not get through to the mailbox",
  hint: CAS_HINT,
};

/** Whether the body of this status is a SOAP answer; errors come with 500 (SOAP 1.1 section 6.2). */
export function isSoapStatus({ status, headers }: HttpResponse): boolean {
  const type = (headers.get("content-type") ?? "").toLowerCase();
  const isXml = type.includes("xml") && !type.includes("html");
  return status === 200 ? isXml || type === "" : status === 500 && isXml;
}

/** Whether this status says that the server as a whole is overloaded. */
export function isServerBusy({ status }: HttpResponse): boolean {
  return status === 429 || status === 503;
}

/**
 * The error of an answer that is neither SOAP nor a redirect (those: `redirectOf`). `now` is for a
 * `Retry-After` that is a date.
 */
export function errorOfStatus(response: HttpResponse, now: Date): SyncError {
  return refusalWithReason(response) ?? errorOfMeaning(response, now);
}

/** A refusal of which the server says why. */
function refusalWithReason(response: HttpResponse): SyncError | undefined {
  const { status, headers } = response;
  const policy = headers.get("x-ews-policy-reason");
  const byPolicy = policy === undefined ? undefined : accessPolicyErrorOf(policy);
  if (byPolicy) return byPolicy;
  return status === 401 || status === 403 ? tokenRefusalOf(response) : undefined;
}

function errorOfMeaning(response: HttpResponse, now: Date): SyncError {
  const { status } = response;
  const casCode = casErrorCodeOf(response);
  const isCasFailure = casCode !== undefined && status >= 500 && !isServerBusy(response);
  const { kind, what, hint } = isCasFailure ? CAS_FAILURE : meaningOf(status);
  const code = isCasFailure ? "CasError" : status === 200 ? "ResponseNotXml" : `Http${status}`;
  const named = casCode ? `, ${casCode}` : "";
  const retryAfterMs = retryAfterMsOf(response.headers.get("retry-after"), now);
  return new SyncError(kind, code, `The server ${what} (HTTP ${status}${named})`, {
    hint,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

function meaningOf(status: number): Meaning {
  return MEANINGS[status] ?? (status >= 500 ? SERVER_FAILURE : REFUSAL);
}

/** What Exchange's front end says about its own failure; empty if that is no code. */
function casErrorCodeOf({ headers }: HttpResponse): string | undefined {
  const code = headers.get("x-caserrorcode");
  return code === undefined || /^[A-Za-z0-9]{1,64}$/.test(code) ? code : "";
}
