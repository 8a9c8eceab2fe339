/** A way a server can fail, as one row of the table of error codes knows it (facts B.6). */
export type Fault = SoapFaultAnswer | MessageFault | BatchFault | HttpFault;

interface NamedFault {
  /** Unique; for the names of tests. */
  readonly name: string;
}

interface CodedFault extends NamedFault {
  readonly code: string;
  readonly message: string;
  /** `Value` elements of `MessageXml`, by name. */
  readonly values: Readonly<Record<string, string>>;
}

/** The whole request is refused: HTTP 500 and a SOAP fault. */
export interface SoapFaultAnswer extends CodedFault {
  readonly place: "fault";
  /** Further facts of `MessageXml`, by element name: only a schema violation has them. */
  readonly violation?: Readonly<Record<string, string>>;
}

/** HTTP 200 and an error: in `messages` all response messages, in `item` one of a batch. */
export interface MessageFault extends CodedFault {
  readonly place: "messages" | "item";
}

/** HTTP 200; the first thing asked for is answered, the rest is not worked on any more. */
export interface BatchFault extends NamedFault {
  readonly place: "rest of batch";
}

/** What comes from the web server or from something before it. */
export interface HttpFault extends NamedFault {
  readonly place: "http";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

interface CodeRow {
  readonly codes: readonly string[];
  readonly places: readonly ("fault" | "messages" | "item")[];
  readonly values?: Readonly<Record<string, string>>;
  /** Tells rows with the same code apart. */
  readonly note?: string;
  readonly message?: string;
}

const ANY = ["fault", "messages"] as const;
const BACK_OFF = { BackOffMilliseconds: "5000" };

const CODE_ROWS: readonly CodeRow[] = [
  {
    codes: ["ErrorServerBusy"],
    places: ANY,
    values: BACK_OFF,
    note: "with back-off",
    message: "The server cannot service this request right now. Try again later.",
  },
  {
    codes: ["ErrorServerBusy"],
    places: ["fault"],
    note: "without back-off",
    message: "You have exceeded the available concurrent connections for your account. " +
      "Policy: MaxConcurrency. Try again once your other requests have completed.",
  },
  {
    codes: ["ErrorExceededConnectionCount"],
    places: ["fault"],
    values: { Policy: "MaxConcurrency", MaxConcurrencyLimit: "27", ErrorMessage: "Too many" },
  },
  {
    codes: ["ErrorTooManyObjectsOpened", "ErrorInternalServerTransientError"],
    places: ["messages"],
  },
  { codes: ["ErrorTimeoutExpired"], places: ANY },
  { codes: ["ErrorExceededFindCountLimit"], places: ["messages"] },
  {
    codes: [
      "ErrorMailboxStoreUnavailable",
      "ErrorMailboxFailover",
      "ErrorMailboxMoveInProgress",
      "ErrorConnectionFailed",
      "ErrorADUnavailable",
      "ErrorADOperation",
      "ErrorInsufficientResources",
      "ErrorNoRespondingCASInDestinationSite",
    ],
    places: ANY,
  },
  { codes: ["ErrorInternalServerError"], places: ANY },
  {
    codes: ["ErrorInternalServerError"],
    places: ANY,
    note: "with inner code",
    values: {
      InnerErrorMessageText: "The mailbox database is temporarily unavailable.",
      InnerErrorResponseCode: "ErrorMailboxStoreUnavailable",
      InnerErrorDescriptiveLinkKey: "0",
    },
  },
  { codes: ["ErrorItemNotFound"], places: ["item"] },
  {
    codes: [
      "ErrorMimeContentConversionFailed",
      "ErrorContentConversionFailed",
      "ErrorItemCorrupt",
      "ErrorCorruptData",
      "ErrorUnsupportedMimeConversion",
      "ErrorMessageSizeExceeded",
    ],
    places: ["item"],
  },
  { codes: ["ErrorInvalidSyncStateData", "ErrorSyncFolderNotFound"], places: ["messages"] },
  { codes: ["ErrorFolderNotFound"], places: ["messages"] },
  {
    codes: [
      "ErrorNonExistentMailbox",
      "ErrorInvalidSmtpAddress",
      "ErrorMissingEmailAddress",
      "ErrorInvalidUserPrincipalName",
      "ErrorInvalidLicense",
    ],
    places: ANY,
  },
  {
    codes: [
      "ErrorImpersonateUserDenied",
      "ErrorImpersonationDenied",
      "ErrorAccessDenied",
      "ErrorImpersonationFailed",
    ],
    places: ["fault"],
  },
  { codes: ["ErrorInvalidIdMalformed", "ErrorInvalidChangeKey"], places: ["item"] },
];

const SCHEMA_VIOLATION: SoapFaultAnswer = {
  name: "ErrorSchemaValidation as fault",
  place: "fault",
  code: "ErrorSchemaValidation",
  message: "The request failed schema validation.",
  values: {},
  violation: {
    LineNumber: "1",
    LinePosition: "842",
    Violation: "The 'Zzz' attribute is not declared.",
  },
};

const HTML = { "content-type": "text/html; charset=utf-8" };
const RETRY = { "retry-after": "7" };

const HTTP_FAULTS: readonly HttpFault[] = [
  http("HTTP 401", 401, { "www-authenticate": "NTLM" }, ""),
  http("HTTP 403", 403, HTML, page("403 - Forbidden: Access is denied.")),
  http("HTTP 302 to the error page", 302, {
    ...HTML,
    "location": "/ews/genericerrorpage.htm",
  }, page("Object moved")),
  ...[440, 456, 457].map((status) => http(`HTTP ${status}`, status, HTML, page("Sign in again"))),
  ...[502, 503, 504].flatMap((status) => [
    http(`HTTP ${status}`, status, HTML, page("The service is unavailable.")),
    http(
      `HTTP ${status} with Retry-After`,
      status,
      { ...HTML, ...RETRY },
      page("Come back later."),
    ),
  ]),
  http(
    "HTTP 500 of ASP.NET",
    500,
    HTML,
    page("Server Error in '/EWS' Application.", "<h1>Server Error in '/EWS' Application.</h1>"),
  ),
  http("HTTP 503 and the connection closed", 503, { ...HTML, connection: "close" }, page("Closed")),
  http("HTTP 500 with X-CasErrorCode", 500, { ...HTML, "x-caserrorcode": "ServerNotFound" }, ""),
];

/** Every row and code of the table, in its order, as each can appear. */
export const FAULTS: readonly Fault[] = [
  ...CODE_ROWS.flatMap(codedFaults),
  { name: "ErrorBatchProcessingStopped", place: "rest of batch" },
  SCHEMA_VIOLATION,
  ...HTTP_FAULTS,
];

/** One fault by name. Throws if there is none of that name. */
export function faultNamed(name: string): Fault {
  const found = FAULTS.find((fault) => fault.name === name);
  if (!found) throw new Error(`No fault is named "${name}"`);
  return found;
}

function codedFaults(row: CodeRow): readonly (SoapFaultAnswer | MessageFault)[] {
  const { codes, places, values = {}, note, message } = row;
  return codes.flatMap((code) =>
    places.map((place) => ({
      name: [code, note, `as ${place}`].filter(Boolean).join(" "),
      place,
      code,
      message: message ?? `The server says ${code}.`,
      values,
    }))
  );
}

function http(
  name: string,
  status: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): HttpFault {
  return { name, place: "http", status, headers, body };
}

function page(title: string, content = title): string {
  return `<!DOCTYPE html><html><head><title>${title}</title></head><body>${content}<br></body></html>`;
}
