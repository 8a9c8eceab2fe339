import { SyncError } from "../core/errors.ts";
import type { HttpResponse } from "../http/transport.ts";

const EWS_BLOCKED_HINT =
  "Allow EWS for this application and mailbox: Set-OrganizationConfig -EwsEnabled $true and " +
  "-EwsAllowedAppIDs, Set-CASMailbox MAILBOX -EwsEnabled $true";
const SIGN_IN_HINT = "Check auth_type, auth_user and auth_password, and whether the account may " +
  "sign in without another factor";
const ENDPOINT_HINT = "Check ews_endpoint: it usually ends in /EWS/Exchange.asmx";

/** Statuses that end in something other than another attempt. */
const REFUSALS: Readonly<Record<number, { readonly what: string; readonly hint: string }>> = {
  401: { what: "does not accept the credentials", hint: SIGN_IN_HINT },
  403: { what: "forbids access to EWS", hint: EWS_BLOCKED_HINT },
  404: { what: "has no EWS at this address", hint: ENDPOINT_HINT },
  405: { what: "does not take EWS requests at this address", hint: ENDPOINT_HINT },
  440: { what: "has ended the sign-in", hint: SIGN_IN_HINT },
  456: { what: "demands another factor or has blocked the account", hint: SIGN_IN_HINT },
  457: { what: "demands that the password be changed", hint: SIGN_IN_HINT },
};

/** Whether the body of this status is a SOAP answer; errors come with 500 (SOAP 1.1 section 6.2). */
export function isSoapStatus({ status, headers }: HttpResponse): boolean {
  if (status !== 200 && status !== 500) return false;
  return !(headers.get("content-type") ?? "").toLowerCase().includes("html");
}

/** Whether this status says that the server as a whole is overloaded. */
export function isServerBusy({ status }: HttpResponse): boolean {
  return status === 429 || status === 503;
}

/** The error of an answer that is not SOAP. `now` is for a `Retry-After` that is a date. */
export function errorOfStatus(response: HttpResponse, now: Date): SyncError {
  const { status } = response;
  if (status >= 300 && status < 400) return redirectError(response);
  const code = status === 200 ? "ResponseNotXml" : `Http${status}`;
  const refusal = REFUSALS[status];
  if (refusal) {
    return new SyncError("mailbox", code, `The server ${refusal.what} (HTTP ${status})`, {
      hint: refusal.hint,
    });
  }
  const passes = status === 200 || status === 408 || status === 409 || status === 429 ||
    status >= 500;
  const retryAfterMs = retryAfterMsOf(response, now);
  return new SyncError(
    passes ? "retryable" : "mailbox",
    code,
    status === 200
      ? "The server answers with a page instead of XML"
      : `The server answers with HTTP ${status}${serverErrorOf(response)}`,
    {
      ...(status === 200 ? { hint: ENDPOINT_HINT } : {}),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    },
  );
}

/** `Retry-After` in ms: seconds or a date (RFC 9110 section 10.2.3). */
function retryAfterMsOf({ headers }: HttpResponse, now: Date): number | undefined {
  const value = headers.get("retry-after")?.trim() ?? "";
  if (/^[0-9]{1,9}$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now.getTime());
}

/** Exchange's front end shows overload as a redirect to its error page. */
function redirectError({ status, headers }: HttpResponse): SyncError {
  const location = headers.get("location") ?? "";
  if (/genericerrorpage|errorfe\.aspx/i.test(location)) {
    return new SyncError(
      "retryable",
      "HttpErrorPage",
      `The server redirects to its error page (HTTP ${status})`,
    );
  }
  return new SyncError(
    "mailbox",
    "HttpRedirect",
    `The server redirects to "${withoutQuery(location)}", which is not followed (HTTP ${status})`,
    { hint: "Set ews_endpoint to the address the server redirects to, if it is to be trusted" },
  );
}

/** Where a redirect leads, fit for a message: queries of sign-in pages hold tokens. */
function withoutQuery(location: string): string {
  return location.replace(/[?#].*$/s, "").replace(/[^\x21-\x7e]/g, "?").slice(0, 200);
}

/** What Exchange's front end says about its own failure. */
function serverErrorOf({ headers }: HttpResponse): string {
  const code = headers.get("x-caserrorcode");
  return code && /^[A-Za-z0-9]{1,64}$/.test(code) ? ` (${code})` : "";
}
