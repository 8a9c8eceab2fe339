import { SyncError } from "../core/errors.ts";
import type { Diagnosis } from "./diagnosis.ts";
import { foreignText } from "./foreign_text.ts";
import { addressOf, connectFailure } from "./network_error.ts";
import { type HttpProxy, proxyAuthorizationOf } from "./proxy.ts";

/** The head of a proxy's answer, as far as it matters. */
export interface ProxyAnswer {
  readonly status: number;
  /** Values of `Proxy-Authenticate`, joined by commas; absent: the proxy named no scheme. */
  readonly challenge?: string;
}

/** The status with which a proxy asks for credentials (RFC 9110, section 15.5.8). */
export const PROXY_AUTHENTICATION_REQUIRED = 407;

const AUTHENTICATION_HINT =
  "Put user and password into HTTPS_PROXY or HTTP_PROXY as http://user:password@host:port, " +
  "special characters percent-encoded, or let the proxy pass this machine without";

/** A proxy that answered, but not with success. */
export function proxyRefusalOf(proxy: HttpProxy, target: URL, answer: ProxyAnswer): SyncError {
  const diagnosis = answer.status === PROXY_AUTHENTICATION_REQUIRED
    ? authenticationDiagnosis(proxy, answer.challenge)
    : statusDiagnosis(target, answer.status);
  return connectFailure({ url: target, through: proxy.url }, diagnosis);
}

/**
 * The proxy refused the user name and the password; they are held for so long, ms, since behind
 * many a proxy stands a directory that locks accounts.
 */
export function proxyCredentialsRefusedOf(
  proxy: HttpProxy,
  target: URL,
  until: Date,
  retryAfterMs: number,
): SyncError {
  const diagnosis = credentialsDiagnosis(until);
  const { kind, code, message, hint } = connectFailure(
    { url: target, through: proxy.url },
    diagnosis,
  );
  return new SyncError(kind, code, message, { hint: hint ?? diagnosis.hint, retryAfterMs });
}

/** Something answered at the proxy's address that is no HTTP proxy. */
export function notAProxyOf(proxy: HttpProxy, target: URL, answer: string): SyncError {
  return connectFailure({ url: target, through: proxy.url }, {
    kind: "mailbox",
    code: "ProxyNotHttp",
    finding: `the proxy does not answer as an HTTP proxy (${answer})`,
    hint: `Check that ${addressOf(proxy.url)} is an HTTP proxy, not SOCKS, and its scheme`,
  });
}

/** The proxy closed the connection instead of answering, or while it did. */
export function proxyClosedOf(proxy: HttpProxy, target: URL, cause?: Error): SyncError {
  return connectFailure({ url: target, through: proxy.url }, {
    kind: "retryable",
    code: "ProxyConnectionClosed",
    finding: "the proxy closed the connection instead of answering" +
      (cause ? ` (${foreignText(cause.message)})` : ""),
    hint: `Check the proxy ${addressOf(proxy.url)}, and whether it lets this machine in`,
  }, cause);
}

/** The proxy accepted the connection and did not answer within the deadline. */
export function proxyTimeoutOf(proxy: HttpProxy, target: URL, deadlineMs: number): SyncError {
  return connectFailure({ url: target, through: proxy.url }, {
    kind: "retryable",
    code: "ProxyTimeout",
    finding: `the proxy did not answer within ${deadlineMs / 1000} s`,
    hint: `Check the proxy, and that a firewall lets it through to ${addressOf(target)}`,
  });
}

/** Whether credentials that were sent in Basic were what the proxy did not like. */
export function isBasicRefused({ status, challenge }: ProxyAnswer): boolean {
  return status === PROXY_AUTHENTICATION_REQUIRED && acceptsBasic(schemesIn(challenge ?? ""));
}

function authenticationDiagnosis(proxy: HttpProxy, challenge: string | undefined): Diagnosis {
  const schemes = schemesIn(challenge ?? "");
  if (!acceptsBasic(schemes)) {
    return {
      kind: "mailbox",
      code: "ProxyAuthenticationUnsupported",
      finding: `the proxy asks for ${schemes.join(" or ")}, and only Basic is supported`,
      hint: "Let the proxy pass this machine without sign-in or with Basic, put " +
        "a local proxy that signs in (such as cntlm) between, or name the host in NO_PROXY",
    };
  }
  if (proxyAuthorizationOf(proxy)) return credentialsDiagnosis();
  return {
    kind: "mailbox",
    code: "ProxyAuthenticationRequired",
    finding: "the proxy asks for a user name and a password",
    hint: AUTHENTICATION_HINT,
  };
}

/** A proxy that names no scheme is given the benefit of the doubt. */
function acceptsBasic(schemes: readonly string[]): boolean {
  return schemes.length === 0 || schemes.some((scheme) => scheme.toLowerCase() === "basic");
}

function credentialsDiagnosis(until?: Date): Diagnosis {
  const held = until ? `; they are not tried again before ${until.toISOString()}` : "";
  return {
    kind: "mailbox",
    code: "ProxyCredentialsRefused",
    finding: `the proxy refuses the user name and the password it was given${held}`,
    hint: AUTHENTICATION_HINT,
  };
}

function statusDiagnosis(target: URL, status: number): Diagnosis {
  const address = addressOf(target);
  if (status === 403) {
    return {
      kind: "mailbox",
      code: "ProxyForbidden",
      finding: "the proxy forbids it (status 403)",
      hint: `Let the proxy allow CONNECT to ${address}, or put the host into NO_PROXY`,
    };
  }
  if (status === 502 || status === 503 || status === 504) {
    return {
      kind: "retryable",
      code: "ProxyCannotReachHost",
      finding: `the proxy cannot reach the server (status ${status})`,
      hint: `Check that ${address} runs and that the proxy can resolve and reach it; ` +
        "a server inside belongs into NO_PROXY",
    };
  }
  const passing = status === 429 || status >= 500;
  return {
    kind: passing ? "retryable" : "mailbox",
    code: "ProxyRefused",
    finding: `the proxy refuses CONNECT with status ${status}`,
    hint: `Check that this is an HTTP proxy that allows CONNECT to ${address}`,
  };
}

/** The schemes of a challenge, printable; parameters fall away. */
function schemesIn(challenge: string): readonly string[] {
  const names = foreignText(challenge).split(",").flatMap((part) => {
    const [, scheme] = /^\s*([A-Za-z][A-Za-z0-9-]{0,19})(?:\s+|$)(?!=)/.exec(part) ?? [];
    return scheme ? [scheme] : [];
  });
  return [...new Set(names)];
}
