/** A way the service can fail, or something between it and the client. */
export type GraphFault = ErrorFault | HttpFault | CutFault | TruncatedFault;

interface NamedFault {
  /** Unique; for the names of tests. */
  readonly name: string;
}

/** A status with an OData error body. */
export interface ErrorFault extends NamedFault {
  readonly place: "error";
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** What comes from a gateway or a proxy instead. */
export interface HttpFault extends NamedFault {
  readonly place: "http";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The connection ends: before the service acts, after it, or in the middle of its answer. */
export interface CutFault extends NamedFault {
  readonly place: "cut";
  readonly when: "before" | "after" | "within";
}

/** Only half of the answer, in one piece, as a broken cache hands it out. */
export interface TruncatedFault extends NamedFault {
  readonly place: "truncated";
}

interface ErrorRow {
  readonly status: number;
  readonly codes: readonly string[];
  readonly message?: string;
  readonly retryAfter?: true;
}

const ERROR_ROWS: readonly ErrorRow[] = [
  {
    status: 429,
    codes: ["ApplicationThrottled"],
    message: "Application is over its MailboxConcurrency limit.",
  },
  {
    status: 429,
    codes: ["ApplicationThrottled"],
    message: "Application is over its MailboxConcurrency limit.",
    retryAfter: true,
  },
  { status: 429, codes: ["TooManyRequests"], message: "Too many requests.", retryAfter: true },
  { status: 503, codes: ["ErrorServerBusy", "serviceNotAvailable"] },
  { status: 503, codes: ["ErrorServerBusy"], retryAfter: true },
  { status: 504, codes: ["UnknownError"], message: "" },
  {
    status: 500,
    codes: [
      "InternalServerError",
      "ErrorInternalServerError",
      "ErrorInternalServerTransientError",
      "ErrorMailboxStoreUnavailable",
      "ErrorMailboxMoveInProgress",
      "ErrorConnectionFailed",
    ],
  },
  {
    status: 401,
    codes: ["InvalidAuthenticationToken"],
    message: "Lifetime validation failed, the token is expired.",
  },
  { status: 403, codes: ["ErrorAccessDenied"], message: "Access to OData is disabled." },
  { status: 403, codes: ["Authorization_RequestDenied"] },
  { status: 404, codes: ["ResourceNotFound"], message: "Resource could not be discovered." },
  {
    status: 404,
    codes: [
      "ErrorInvalidUser",
      "MailboxNotEnabledForRESTAPI",
      "ErrorItemNotFound",
      "ErrorFolderNotFound",
      "ErrorSyncFolderNotFound",
    ],
  },
  { status: 410, codes: ["SyncStateNotFound", "SyncStateInvalid", "resyncRequired"] },
  { status: 400, codes: ["SyncStateInvalid", "ErrorInvalidIdMalformed", "ErrorInvalidRecipients"] },
  // Of delta alone: its state is kept in the mailbox, and fills it.
  {
    status: 403,
    codes: ["ErrorQuotaExceeded"],
    message: "Mailbox has exceeded maximum mailbox size.",
  },
  {
    status: 500,
    codes: [
      "ErrorCorruptData",
      "ErrorItemCorrupt",
      "ErrorMimeContentConversionFailed",
      "ErrorCannotOpenFileAttachment",
    ],
  },
];

const HTML = { "Content-Type": "text/html; charset=utf-8" };
const RETRY = { "Retry-After": "7" };

const HTTP_FAULTS: readonly HttpFault[] = [
  http("HTTP 200 with a page", 200, HTML, page("Sign in to the network")),
  http("HTTP 200 with nothing", 200, { "Content-Type": "application/json" }, ""),
  http("HTTP 403 with a page", 403, HTML, page("Blocked by policy")),
  http("HTTP 407", 407, { ...HTML, "Proxy-Authenticate": "Basic" }, page("Who are you?")),
  ...[429, 502, 503, 504].flatMap((status) => [
    http(`HTTP ${status} with a page`, status, HTML, page("The service is unavailable.")),
    http(
      `HTTP ${status} with a page and Retry-After`,
      status,
      { ...HTML, ...RETRY },
      page("Come back later."),
    ),
  ]),
  http("HTTP 503 and the connection closed", 503, { ...HTML, Connection: "close" }, page("Closed")),
];

const CUTS: readonly CutFault[] = (["before", "after", "within"] as const).map((when) => ({
  name: `connection cut ${when}`,
  place: "cut",
  when,
}));

/** Every fault there is by name. */
export const GRAPH_FAULTS: readonly GraphFault[] = [
  ...ERROR_ROWS.flatMap(errorFaults),
  ...HTTP_FAULTS,
  ...CUTS,
  { name: "half of the answer", place: "truncated" },
];

/** One fault by name. Throws if there is none of that name. */
export function graphFaultNamed(name: string): GraphFault {
  const found = GRAPH_FAULTS.find((fault) => fault.name === name);
  if (!found) throw new Error(`No fault of Graph is named "${name}"`);
  return found;
}

/** A redirect to the same path elsewhere. */
export function redirectTo(origin: string, target: string): HttpFault {
  const headers = { ...HTML, Location: `${origin}${target}` };
  return http("redirect", 302, headers, page("Object moved"));
}

function errorFaults({ status, codes, message, retryAfter }: ErrorRow): readonly ErrorFault[] {
  return codes.map((code) => ({
    name: `${status} ${code}${retryAfter ? " with Retry-After" : ""}`,
    place: "error",
    status,
    code,
    message: message ?? `The service says ${code}.`,
    headers: retryAfter ? RETRY : {},
  }));
}

function http(
  name: string,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): HttpFault {
  return { name, place: "http", status, headers, body };
}

function page(title: string): string {
  return `<!DOCTYPE html><html><head><title>${title}</title></head><body>${title}</body></html>`;
}
