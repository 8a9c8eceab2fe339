import { SyncError } from "../core/errors.ts";
import type { Diagnosis } from "./diagnosis.ts";
import { foreignText } from "./foreign_text.ts";
import { OpensslFailure } from "./openssl/openssl_failure.ts";
import { opensslRefusalOf } from "./openssl_refusal.ts";
import { BodyTooSlow } from "./response_body.ts";
import { tlsDiagnosisOf, type TlsEvidence } from "./tls_failure.ts";
import { refusalOf } from "./tls_refusal.ts";

/** What a connection was to reach: a server, directly or through a proxy, or a proxy itself. */
export interface Leg {
  /** Of it, scheme, host and port count. */
  readonly url: URL;
  /** The server is reached through this proxy. */
  readonly through?: URL;
  /** True: `url` is that of a proxy. */
  readonly isProxy?: true;
}

/** What is known of a failure besides the runtime's words. */
export interface ConnectCircumstances {
  /** Whether TCP was established and the TLS handshake under way. */
  readonly inHandshake?: boolean;
  /** Whether the configuration adds roots of its own. */
  readonly hasExtraRoots?: boolean;
  /** False: no key `ews_ssl_…` of the config file is about this server; default true. */
  readonly hasOwnSettings?: boolean;
  /** What a second look at the server has shown. */
  readonly evidence?: TlsEvidence;
}

/**
 * A connection that did not come about: DNS, TCP or TLS, as a `SyncError` with its real cause.
 * `cause` is what the socket failed with, absent where the peer just closed. What can pass by
 * itself is `retryable`; TLS that does not come about is `mailbox`, which suspends and is probed
 * again.
 */
export function connectErrorOf(
  leg: Leg,
  cause: Error | undefined,
  circumstances: ConnectCircumstances = {},
): SyncError {
  const { inHandshake = false, hasExtraRoots = false, evidence = {} } = circumstances;
  const hasOwnSettings = !leg.isProxy && (circumstances.hasOwnSettings ?? true);
  const host = leg.url.hostname;
  const code = systemCodeOf(cause);
  // TLS fails with words instead of a code, except where the connection is cut.
  const diagnosis = code === undefined || inHandshake
    ? tlsDiagnosisOf(cause, { host, hasOwnSettings, hasExtraRoots, evidence })
    : undefined;
  return connectFailure(leg, diagnosis ?? diagnosisOfCode(code, leg.url, cause), cause);
}

/** The deadline for TCP and TLS together has passed; `inHandshake`: TCP alone was established. */
export function connectTimeoutOf(leg: Leg, deadlineMs: number, inHandshake = false): SyncError {
  const address = addressOf(leg.url);
  return connectFailure(leg, {
    kind: "retryable",
    code: inHandshake ? "TlsHandshakeTimeout" : "Timeout",
    finding: inHandshake
      ? `the TLS handshake was not answered within ${deadlineMs / 1000} s`
      : `not established within ${deadlineMs / 1000} s`,
    hint: inHandshake
      ? `Check that ${address} speaks TLS, and for a firewall or load balancer that holds it back`
      : `Check that a firewall lets connections through to ${address}`,
  });
}

/** Too many TLS handshakes were given up that the peer neither goes on with nor ends. */
export function handshakesHangOf(leg: Leg, count: number): SyncError {
  return connectFailure(leg, {
    kind: "retryable",
    code: "TlsHandshakeTimeout",
    finding: `${count} earlier TLS handshakes were never answered and are still open`,
    hint: `Restart the server, proxy or load balancer behind ${addressOf(leg.url)}`,
  });
}

/** TLS has no way to ask for a host of this name. */
export function tlsNameInvalidOf(leg: Leg): SyncError {
  return connectFailure(leg, {
    kind: "mailbox",
    code: "TlsNameInvalid",
    finding: "TLS knows no host names of this form",
    hint: "Address the server by a name of letters, digits and hyphens between dots",
  });
}

/** How messages begin that tell why something could not be reached. */
export function connectFailure(leg: Leg, diagnosis: Diagnosis, cause?: unknown): SyncError {
  const { kind, finding } = diagnosis;
  const to = `${leg.isProxy ? "proxy " : ""}"${addressOf(leg.url)}"`;
  const through = leg.through ? ` through proxy "${addressOf(leg.through)}"` : "";
  const code = leg.isProxy ? `Proxy${diagnosis.code}` : diagnosis.code;
  const named = leg.isProxy ? "; HTTPS_PROXY or HTTP_PROXY names this proxy" : "";
  const hint = diagnosis.hint + named;
  return new SyncError(kind, code, `Cannot connect to ${to}${through}: ${finding}`, {
    hint,
    cause,
  });
}

/** A failure after the connection was established, before or within the response body. */
export function exchangeErrorOf(
  origin: URL,
  phase: "head" | "body",
  cause: unknown,
): SyncError {
  const { kind, code, finding, hint } = exchangeDiagnosisOf(origin, phase, cause);
  const attempt = phase === "head" ? "No answer from" : "Answer cut short by";
  return new SyncError(kind, code, `${attempt} "${addressOf(origin)}": ${finding}`, {
    hint,
    cause,
  });
}

/** `host:port`, the port always spelled out. */
export function addressOf(origin: URL): string {
  return `${origin.hostname}:${origin.port || (origin.protocol === "https:" ? "443" : "80")}`;
}

interface SystemFailure {
  readonly code: string;
  readonly finding: string;
  readonly hint: (host: string, address: string) => string;
}

const HOST_NOT_FOUND: SystemFailure = {
  code: "HostNotFound",
  finding: "the host name cannot be resolved",
  hint: (host) => `Check the spelling of "${host}" and the DNS of this machine`,
};

const HOST_UNREACHABLE: SystemFailure = {
  code: "HostUnreachable",
  finding: "there is no route to the host",
  hint: (_host, address) => `Check the network between this machine and ${address}`,
};

const CONNECTION_RESET: SystemFailure = {
  code: "ConnectionReset",
  finding: "reset by the other side",
  hint: (_host, address) => `Check the server, proxy or load balancer behind ${address}`,
};

const SYSTEM_FAILURES: Readonly<Record<string, SystemFailure>> = {
  ECONNREFUSED: {
    code: "ConnectionRefused",
    finding: "refused; nothing listens there, or a firewall says so",
    hint: (_host, address) => `Check that the server runs and that ${address} is its address`,
  },
  ENOTFOUND: HOST_NOT_FOUND,
  EAI_AGAIN: HOST_NOT_FOUND,
  EAI_FAIL: HOST_NOT_FOUND,
  EHOSTUNREACH: HOST_UNREACHABLE,
  ENETUNREACH: HOST_UNREACHABLE,
  EADDRNOTAVAIL: HOST_UNREACHABLE,
  ECONNRESET: CONNECTION_RESET,
  ECONNABORTED: CONNECTION_RESET,
  EPIPE: CONNECTION_RESET,
  ETIMEDOUT: {
    code: "Timeout",
    finding: "timed out",
    hint: (_host, address) => `Check that a firewall lets connections through to ${address}`,
  },
  EMFILE: {
    code: "TooManyOpenFiles",
    finding: "this process may open no more files",
    hint: () => "Raise the limit of open files for this process",
  },
};

function diagnosisOfCode(code: string | undefined, origin: URL, cause: unknown): Diagnosis {
  const known = code === undefined ? undefined : SYSTEM_FAILURES[code];
  if (known) {
    return {
      kind: "retryable",
      code: known.code,
      finding: known.finding,
      hint: known.hint(origin.hostname, addressOf(origin)),
    };
  }
  return {
    kind: "retryable",
    code: "ConnectionFailed",
    finding: foreignText(messageOf(cause)),
    hint: `Check the network between this machine and ${addressOf(origin)}`,
  };
}

/** undici's codes; what is not here is looked up as a system code. */
function exchangeDiagnosisOf(origin: URL, phase: "head" | "body", cause: unknown): Diagnosis {
  const code = systemCodeOf(cause);
  const address = addressOf(origin);
  const refusal = lateRefusalOf(cause);
  if (refusal) return refusal;
  if (cause instanceof BodyTooSlow) {
    return {
      kind: "retryable",
      code: "Timeout",
      finding: "it arrives too slowly to come to an end",
      hint: `Check the load of the server behind ${address}, and the line to it`,
    };
  }
  if (code === "UND_ERR_HEADERS_TIMEOUT" || code === "UND_ERR_BODY_TIMEOUT") {
    return {
      kind: "retryable",
      code: "Timeout",
      finding: phase === "head" ? "the deadline has passed" : "nothing arrived for too long",
      hint: `Check the load of the server behind ${address}`,
    };
  }
  if (code === "UND_ERR_SOCKET" || code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH") {
    return {
      kind: "retryable",
      code: phase === "head" ? "ConnectionClosed" : "ResponseCutShort",
      finding: "the connection was closed",
      hint: CONNECTION_RESET.hint(origin.hostname, address),
    };
  }
  if (code === "UND_ERR_HEADERS_OVERFLOW" || isParserError(cause)) {
    return {
      kind: "retryable",
      code: "HttpMalformed",
      finding: `it is not proper HTTP (${foreignText(messageOf(cause))})`,
      hint: `Check that ${address} is the Exchange server and what stands in between`,
    };
  }
  const diagnosis = diagnosisOfCode(code, origin, cause);
  return phase === "head" ? diagnosis : { ...diagnosis, code: "ResponseCutShort" };
}

/** TLS 1.3 tells only behind the handshake that a client certificate is missing. */
function lateRefusalOf(cause: unknown): Diagnosis | undefined {
  if (!(cause instanceof Error) || !/\balert\b/.test(cause.message)) return undefined;
  if (cause instanceof OpensslFailure) return opensslRefusalOf(cause, undefined);
  return /fatal alert/.test(cause.message) ? refusalOf(cause, undefined) : undefined;
}

/** The code of an error, or of the first one inside when several addresses were tried. */
function systemCodeOf(thrown: unknown): string | undefined {
  if (thrown instanceof AggregateError && thrown.errors.length > 0) {
    return systemCodeOf(thrown.errors[0]);
  }
  if (typeof thrown !== "object" || thrown === null || !("code" in thrown)) return undefined;
  return typeof thrown.code === "string" ? thrown.code : undefined;
}

/** undici's parser errors do not always carry a code. */
function isParserError(thrown: unknown): boolean {
  return thrown instanceof Error && thrown.name === "HTTPParserError";
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
