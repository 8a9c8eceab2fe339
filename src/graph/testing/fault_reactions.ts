/** How often a request is sent that fails every time. */
export type Attempts = "once" | "few" | "until the budget is spent";

/** A failure of Graph that lasts, and what the source makes of it. */
export interface FaultReaction {
  readonly status: number;
  /** Of the error body; absent: a page that is no JSON. */
  readonly code?: string;
  /** Kind and code with which `changes` rejects. */
  readonly changes: string;
  readonly attempts: Attempts;
  /** Kind and code of one message of several that fails so: its own, or with which all reject. */
  readonly describe: string;
  readonly hint: boolean;
}

type Row = readonly [name: string, reaction: FaultReaction];

const LASTING = "until the budget is spent";

/** Passes by itself, whoever asks; the status says so whatever the code. */
const byStatus = (status: number, codes: readonly (string | undefined)[], describe = "retryable") =>
  codes.map((code): Row => [`HTTP ${status} ${code ?? "without code"}`, {
    status,
    ...(code === undefined ? {} : { code }),
    changes: `retryable Http${status}`,
    attempts: LASTING,
    describe: `${describe} Http${status}`,
    hint: true,
  }]);

const byCode = (
  status: number,
  codes: readonly string[],
  reaction: (code: string) => Omit<FaultReaction, "status" | "code">,
) => codes.map((code): Row => [code, { status, code, ...reaction(code) }]);

const passes = (code: string) => ({
  changes: `retryable ${code}`,
  attempts: LASTING,
  describe: `retryable ${code}`,
  hint: true,
} as const);
const maybePasses = (code: string) => ({
  changes: `folder ${code}`,
  attempts: "few",
  describe: `item ${code}`,
  hint: true,
} as const);
const holdsForWhatIsAsked = (code: string) => ({
  changes: `folder ${code}`,
  attempts: "once",
  describe: `item ${code}`,
  hint: false,
} as const);
const holdsForTheMailbox = (code: string) => ({
  changes: `mailbox ${code}`,
  attempts: "once",
  describe: `mailbox ${code}`,
  hint: true,
} as const);
const namedAnew = (changes: string) => (code: string) => ({
  ...holdsForWhatIsAsked(code),
  changes: `folder ${changes}`,
});
const pageOf = (status: number, reaction: Omit<FaultReaction, "status">): Row => [
  `HTTP ${status} without code`,
  { status, ...reaction },
];

/** By name of the fault; together they name every code and status of the table. */
export const REACTIONS: ReadonlyMap<string, FaultReaction> = new Map<string, FaultReaction>([
  ...byStatus(429, [undefined, "ApplicationThrottled", "TooManyRequests"]),
  ...byStatus(503, [undefined, "ServiceNotAvailable", "ErrorServerBusy"]),
  ...byStatus(509, [undefined]),
  ...byStatus(408, [undefined]),
  // These can be one poisonous message's doing, if Graph answers otherwise.
  ...byStatus(502, [undefined, "UnknownError"], "item"),
  ...byStatus(504, [undefined, "UnknownError"], "item"),
  ...byStatus(500, [undefined, "SomethingNew"], "item"),
  ...byStatus(409, [undefined]),
  ...byCode(400, ["ErrorExceededConnectionCount", "ApplicationThrottled"], passes),
  ...byCode(500, [
    "ErrorInternalServerTransientError",
    "ErrorInsufficientResources",
    "ErrorMailboxStoreUnavailable",
    "ErrorMailboxFailover",
    "ErrorConnectionFailed",
    "ErrorADUnavailable",
    "ErrorADOperation",
    "ErrorMailboxMoveInProgress",
    "ErrorServerBusy",
    "TooManyRequests",
    "ServiceNotAvailable",
  ], passes),
  ...byCode(
    500,
    ["ErrorTimeoutExpired", "ErrorInternalServerError", "GeneralException"],
    maybePasses,
  ),
  ...byCode(500, [
    "ErrorItemCorrupt",
    "ErrorItemPropertyRequestFailed",
    "ErrorCorruptData",
    "ErrorContentConversionFailed",
    "ErrorMimeContentConversionFailed",
    "ErrorPropertyRequestFailed",
    "ErrorVirusDetected",
    "ErrorVirusMessageDeleted",
    "ErrorCannotOpenFileAttachment",
    "ErrorAttachmentSizeLimitExceeded",
  ], holdsForWhatIsAsked),
  ...byCode(400, [
    "ErrorUnsupportedMimeConversion",
    "ErrorMessageSizeExceeded",
    "ErrorInvalidRecipients",
    "ErrorInvalidId",
    "ErrorInvalidMailboxItemId",
    "ErrorInvalidIdMalformed",
    "ErrorInvalidAttachmentId",
    "ErrorInvalidFolderTypeForOperation",
    "InefficientFilter",
    "ErrorUnsupportedPathForQuery",
    "ErrorUnsupportedPathForSortGroup",
  ], holdsForWhatIsAsked),
  ...byCode(404, [
    "ErrorItemNotFound",
    "ItemNotFound",
    "ErrorFolderNotFound",
    "ErrorSyncFolderNotFound",
  ], namedAnew("FolderGone")),
  ...byCode(410, ["SyncStateNotFound", "ResyncRequired"], namedAnew("SyncStateInvalid")),
  ...byCode(400, ["SyncStateInvalid", "ErrorInvalidSyncStateData"], namedAnew("SyncStateInvalid")),
  pageOf(410, namedAnew("SyncStateInvalid")("Http410")),
  ...byCode(
    403,
    ["ErrorAccessDenied", "AccessDenied", "Authorization_RequestDenied"],
    holdsForTheMailbox,
  ),
  ...byCode(404, [
    "ErrorInvalidUser",
    "ErrorNonExistentMailbox",
    "Request_ResourceNotFound",
    "ResourceNotFound",
    "MailboxNotEnabledForRESTAPI",
    "MailboxNotSupportedForRESTAPI",
    "MailboxNotHostedInExchangeOnline",
    "ErrorMailboxMoved",
  ], holdsForTheMailbox),
  ...byCode(400, ["ErrorInvalidLicense", "ErrorQuotaExceeded"], holdsForTheMailbox),
  ...byCode(401, ["InvalidAuthenticationToken", "AuthenticationError"], holdsForTheMailbox),
  ...byCode(400, [
    "BadRequest",
    "ErrorInvalidRequest",
    "ErrorInvalidUrlQuery",
    "ErrorInvalidProperty",
    "RequestBroker_ParseUri",
  ], holdsForTheMailbox),
  pageOf(400, maybePasses("Http400")),
  pageOf(401, holdsForTheMailbox("Http401")),
  pageOf(403, holdsForTheMailbox("Http403")),
  pageOf(404, { ...holdsForTheMailbox("Http404"), attempts: "few" }),
  pageOf(405, { ...holdsForTheMailbox("Http405"), attempts: "few" }),
  pageOf(407, holdsForTheMailbox("Http407")),
  pageOf(418, holdsForTheMailbox("Http418")),
]);
