import { SyncError } from "../core/errors.ts";
import type { HttpResponse } from "../http/transport.ts";

/** What a redirect asks for, and what becomes of it. */
export type Redirect =
  | { readonly target: URL; readonly permanent: boolean }
  | { readonly refused: SyncError };

/** Statuses after which the same request may go elsewhere (RFC 9110 section 15.4). */
const FOLLOWED: ReadonlySet<number> = new Set([301, 302, 307, 308]);
const PERMANENT: ReadonlySet<number> = new Set([301, 308]);

/** Where Exchange's front end shows overload as a redirect to its error page. */
const ERROR_PAGE = /genericerrorpage|\/errorfe\.aspx/i;
/** Paths of sign-in pages: Exchange's own, AD FS, and what stands before web servers. */
const SIGN_IN_PATH =
  /\/owa\/auth|\/adfs\/|\/cookieauth\.dll|\/my\.policy|\/saml2?\b|\/oauth2\/|\/(?:logon|login|signin)\b/i;
const SIGN_IN_HOST =
  /^(?:login\.microsoftonline\.(?:com|us|de)|login\.partner\.microsoftonline\.cn|login\.chinacloudapi\.cn|login\.windows\.net|login\.microsoft\.com|login\.live\.com)$/i;
/** What sign-in protocols put into the query: WS-Federation, SAML, OpenID Connect. */
const SIGN_IN_PARAMETERS = ["wa", "SAMLRequest", "response_type"] as const;

/**
 * What an answer from `from` says about going elsewhere; absent unless its status is 3xx.
 *
 * A redirect is followed only within https and one origin (spec section 4): credentials go to no
 * other host. All others are refused with where they lead, without the query: it may hold tokens.
 */
export function redirectOf({ status, headers }: HttpResponse, from: URL): Redirect | undefined {
  if (status < 300 || status >= 400) return undefined;
  const location = headers.get("location")?.trim() ?? "";
  const target = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (location === "" || !target) return { refused: nowhere(status) };
  if (ERROR_PAGE.test(target.pathname)) return { refused: errorPage(status) };
  if (isSignIn(target)) return { refused: signInPage(status, target) };
  const isSame = target.origin === from.origin && target.protocol === "https:";
  if (!FOLLOWED.has(status) || !isSame) return { refused: elsewhere(status, from, target) };
  target.username = target.password = target.hash = "";
  return { target, permanent: PERMANENT.has(status) };
}

/** The error of redirects that do not come to an end. */
export function redirectLoop(target: URL): SyncError {
  return new SyncError(
    "mailbox",
    "HttpRedirectLoop",
    `The server redirects again and again, last to "${shown(target)}"`,
    { hint: "Mend the redirects of the server, or set ews_endpoint to where EWS is" },
  );
}

function isSignIn({ hostname, pathname, searchParams }: URL): boolean {
  return SIGN_IN_HOST.test(hostname) || SIGN_IN_PATH.test(pathname) ||
    SIGN_IN_PARAMETERS.some((name) => searchParams.has(name));
}

function errorPage(status: number): SyncError {
  return new SyncError(
    "retryable",
    "HttpErrorPage",
    `The server redirects to its error page (HTTP ${status})`,
    { hint: "Wait; if this lasts, look at the health of the Exchange servers (Get-ServerHealth)" },
  );
}

function nowhere(status: number): SyncError {
  return new SyncError(
    "mailbox",
    "HttpRedirect",
    `The server redirects without saying where to (HTTP ${status})`,
    { hint: "Check ews_endpoint: it usually ends in /EWS/Exchange.asmx" },
  );
}

function signInPage(status: number, target: URL): SyncError {
  return new SyncError(
    "mailbox",
    "HttpSignInPage",
    `The server redirects to the sign-in page "${shown(target)}" (HTTP ${status})`,
    {
      hint:
        "Let requests for /EWS/ through the proxy before Exchange that wants people to sign in " +
        "first (pre-authentication), or set ews_endpoint to an address of Exchange itself",
    },
  );
}

function elsewhere(status: number, from: URL, target: URL): SyncError {
  return new SyncError(
    "mailbox",
    "HttpRedirect",
    `The server redirects to "${shown(target)}", which is not followed (HTTP ${status})`,
    { hint: remedyOf(from, target) },
  );
}

function remedyOf(from: URL, target: URL): string {
  const isWeb = target.protocol === "https:" || target.protocol === from.protocol;
  if (!isWeb) return "Mend the redirect of the server: it leads out of https";
  const setting = `Set ews_endpoint to "${shown(target)}"`;
  return target.hostname === from.hostname
    ? setting
    : `${setting} if that host may have the credentials`;
}

/** An address fit for a message: neither query nor credentials. */
function shown({ origin, protocol, host, pathname }: URL): string {
  return `${origin === "null" ? `${protocol}//${host}` : origin}${pathname}`.slice(0, 200);
}
