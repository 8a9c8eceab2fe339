import { type ErrorKind, SyncError } from "../core/errors.ts";

/**
 * Failures of connections as `SyncError`s with their real cause. What can pass by itself is
 * `retryable`; TLS that does not come about is `mailbox`, which suspends and is probed again.
 */
interface Diagnosis {
  readonly kind: ErrorKind;
  readonly code: string;
  /** What was found, to be put behind `Cannot connect to "host:port": `. */
  readonly finding: string;
  readonly hint: string;
}

const TEXT_CHARACTERS_MAX = 200;

/**
 * A connection that did not come about: DNS, TCP or TLS. `cause` is what the socket failed with,
 * absent where the peer just closed.
 */
export function connectErrorOf(origin: URL, cause: Error | undefined): SyncError {
  if (!cause) return connectFailure(origin, CLOSED_IN_HANDSHAKE);
  const diagnosis = tlsDiagnosisOf(cause) ?? diagnosisOfCode(systemCodeOf(cause), origin, cause);
  return connectFailure(origin, diagnosis, cause);
}

/** The deadline for TCP and TLS together has passed. */
export function connectTimeoutOf(origin: URL, deadlineMs: number): SyncError {
  return connectFailure(origin, {
    kind: "retryable",
    code: "Timeout",
    finding: `not established within ${deadlineMs / 1000} s`,
    hint: `Check that a firewall lets connections through to ${addressOf(origin)}`,
  });
}

/** Too many TLS handshakes were given up that the peer neither goes on with nor ends. */
export function handshakesHangOf(origin: URL, count: number): SyncError {
  return connectFailure(origin, {
    kind: "retryable",
    code: "Timeout",
    finding: `${count} earlier TLS handshakes were never answered and are still open`,
    hint: `Restart the server, proxy or load balancer behind ${addressOf(origin)}`,
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

function connectFailure(origin: URL, diagnosis: Diagnosis, cause?: unknown): SyncError {
  const message = `Cannot connect to "${addressOf(origin)}": ${diagnosis.finding}`;
  return new SyncError(diagnosis.kind, diagnosis.code, message, { hint: diagnosis.hint, cause });
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

/** What rustls says, in the order in which it is recognised. */
const TLS_FAILURES: readonly (readonly [RegExp, Omit<Diagnosis, "kind">])[] = [
  [/UnknownIssuer|CaUsedAsEndEntity/, {
    code: "TlsUntrusted",
    finding: "its certificate is signed by no authority that is trusted here",
    hint: "Put the certificate of the authority that signed it into `ews_ssl_ca_file`",
  }],
  [/not valid for name|NotValidForName/, {
    code: "TlsHostnameMismatch",
    finding: "its certificate is for another name",
    hint: "Address the server by a name in its certificate, or give it one for this name",
  }],
  [/certificate expired|Expired/, {
    code: "TlsExpired",
    finding: "its certificate has expired",
    hint: "Renew the certificate of the server, or set the clock of this machine right",
  }],
  [/not valid yet|NotValidYet/, {
    code: "TlsNotYetValid",
    finding: "its certificate is not valid yet",
    hint: "Set the clock of this machine right, or give the server a certificate that is valid",
  }],
  [/invalid peer certificate/, {
    code: "TlsCertificateInvalid",
    finding: "its certificate cannot be accepted",
    hint: "Give the server a well-formed certificate with a current signature algorithm",
  }],
  [/fatal alert|peer is incompatible/, {
    code: "TlsHandshakeRefused",
    finding: "the server refuses the TLS handshake",
    hint: "Enable TLS 1.2 or 1.3 with ECDHE and AES-GCM on the server",
  }],
  [/corrupt message|InvalidContentType/, {
    code: "TlsNotSpoken",
    finding: "the server does not speak TLS there",
    hint: "Check the port, and whether the endpoint should begin with http:// instead",
  }],
];

const CLOSED_IN_HANDSHAKE: Diagnosis = {
  kind: "retryable",
  code: "TlsConnectionClosed",
  finding: "closed by the other side before the connection was established",
  hint: "Check that the server speaks TLS there and that nothing in between cuts the connection",
};

function tlsDiagnosisOf(cause: Error): Diagnosis | undefined {
  const text = foreignText(cause.message);
  const failure = TLS_FAILURES.find(([pattern]) => pattern.test(text))?.[1];
  return failure && { ...failure, kind: "mailbox", finding: `${failure.finding} (${text})` };
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

/** Text that a peer may have had a hand in, fit for one line of a log. */
function foreignText(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, TEXT_CHARACTERS_MAX);
}
