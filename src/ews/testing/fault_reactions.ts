/** What has to come of a fault that concerns a whole request. */
export interface RequestReaction {
  /** Kind and code that SyncFolderItems ends with if the fault stays. */
  readonly changes: string;
  /** The same for GetItem, of which one item's outcome counts; absent: it cannot happen to it. */
  readonly fetch?: string;
  /** How often the request is sent if the fault stays. */
  readonly attempts: number | "until the time is up";
  /** From the first failure to the second attempt, ms, where chance adds nothing; absent: none. */
  readonly delayMs?: number;
  /** Who has to wait before the next request, whatever that asks for. */
  readonly closes: "nothing" | "mailbox" | "server";
  /** Whether the operator is told what to do. */
  readonly hint: boolean;
}

/** What has to come of a fault of the first item of a batch; the other two always arrive. */
export interface ItemReaction {
  readonly item: string;
  /** Requests for the batch of three if the fault stays. */
  readonly requests: number;
}

export type Reaction = RequestReaction | ItemReaction;

const PASSES = {
  attempts: "until the time is up",
  delayMs: 1_000,
  closes: "nothing",
  hint: true,
} as const;
const BUSY = { ...PASSES, closes: "mailbox", delayMs: 5_000 } as const;
const COME_BACK_LATER = { ...PASSES, closes: "server", delayMs: 8_000 } as const;
const TRIED_A_FEW_TIMES = { ...PASSES, attempts: 5 } as const;
const HOPELESS = { attempts: 1, closes: "nothing", hint: true } as const;

const passing = (code: string, reaction: Omit<RequestReaction, "changes"> = PASSES) => ({
  ...reaction,
  changes: `retryable ${code}`,
  fetch: `retryable ${code}`,
});
const aFewTimes = (code: string) => ({
  ...TRIED_A_FEW_TIMES,
  changes: `folder ${code}`,
  fetch: `item ${code}`,
});
const mailboxWide = (code: string, reaction: Omit<RequestReaction, "changes"> = HOPELESS) => ({
  ...reaction,
  changes: `mailbox ${code}`,
  fetch: `mailbox ${code}`,
});
const lastingFor = (changes: string, hint: boolean) => ({ ...HOPELESS, hint, changes });
const itemsOwn = (code: string) => ({ item: `item ${code}`, requests: 2 });

/** By name of the fault; the table of error codes as we obey it (facts B.6). */
export const REACTIONS: Readonly<Record<string, Reaction>> = {
  "ErrorServerBusy with back-off as fault": passing("ErrorServerBusy", { ...BUSY, delayMs: 6_000 }),
  "ErrorServerBusy with back-off as messages": passing("ErrorServerBusy", {
    ...BUSY,
    delayMs: 6_000,
  }),
  "ErrorServerBusy without back-off as fault": passing("ErrorServerBusy", BUSY),
  "ErrorExceededConnectionCount as fault": passing("ErrorExceededConnectionCount", BUSY),
  "ErrorTooManyObjectsOpened as messages": passing("ErrorTooManyObjectsOpened", BUSY),
  "ErrorInternalServerTransientError as messages": passing("ErrorInternalServerTransientError"),
  "ErrorTimeoutExpired as fault": aFewTimes("ErrorTimeoutExpired"),
  "ErrorTimeoutExpired as messages": aFewTimes("ErrorTimeoutExpired"),
  "ErrorExceededFindCountLimit as messages": passing("ErrorExceededFindCountLimit", BUSY),
  "ErrorMailboxStoreUnavailable as fault": passing("ErrorMailboxStoreUnavailable"),
  "ErrorMailboxStoreUnavailable as messages": passing("ErrorMailboxStoreUnavailable"),
  "ErrorMailboxFailover as fault": passing("ErrorMailboxFailover"),
  "ErrorMailboxFailover as messages": passing("ErrorMailboxFailover"),
  "ErrorMailboxMoveInProgress as fault": passing("ErrorMailboxMoveInProgress"),
  "ErrorMailboxMoveInProgress as messages": passing("ErrorMailboxMoveInProgress"),
  "ErrorConnectionFailed as fault": passing("ErrorConnectionFailed"),
  "ErrorConnectionFailed as messages": passing("ErrorConnectionFailed"),
  "ErrorADUnavailable as fault": passing("ErrorADUnavailable"),
  "ErrorADUnavailable as messages": passing("ErrorADUnavailable"),
  "ErrorADOperation as fault": passing("ErrorADOperation"),
  "ErrorADOperation as messages": passing("ErrorADOperation"),
  "ErrorInsufficientResources as fault": passing("ErrorInsufficientResources", BUSY),
  "ErrorInsufficientResources as messages": passing("ErrorInsufficientResources", BUSY),
  "ErrorNoRespondingCASInDestinationSite as fault": passing(
    "ErrorNoRespondingCASInDestinationSite",
  ),
  "ErrorNoRespondingCASInDestinationSite as messages": passing(
    "ErrorNoRespondingCASInDestinationSite",
  ),
  "ErrorInternalServerError as fault": aFewTimes("ErrorInternalServerError"),
  "ErrorInternalServerError as messages": aFewTimes("ErrorInternalServerError"),
  "ErrorInternalServerError with inner code as fault": passing("ErrorMailboxStoreUnavailable"),
  "ErrorInternalServerError with inner code as messages": passing("ErrorMailboxStoreUnavailable"),
  "ErrorItemNotFound as item": { item: "item ErrorItemNotFound", requests: 1 },
  "ErrorMimeContentConversionFailed as item": itemsOwn("ErrorMimeContentConversionFailed"),
  "ErrorContentConversionFailed as item": itemsOwn("ErrorContentConversionFailed"),
  "ErrorItemCorrupt as item": itemsOwn("ErrorItemCorrupt"),
  "ErrorCorruptData as item": itemsOwn("ErrorCorruptData"),
  "ErrorUnsupportedMimeConversion as item": itemsOwn("ErrorUnsupportedMimeConversion"),
  "ErrorMessageSizeExceeded as item": itemsOwn("ErrorMessageSizeExceeded"),
  "ErrorInvalidSyncStateData as messages": lastingFor("folder SyncStateInvalid", false),
  "ErrorSyncFolderNotFound as messages": lastingFor("folder FolderGone", false),
  "ErrorFolderNotFound as messages": lastingFor("folder FolderGone", false),
  "ErrorNonExistentMailbox as fault": mailboxWide("ErrorNonExistentMailbox"),
  "ErrorNonExistentMailbox as messages": mailboxWide("ErrorNonExistentMailbox"),
  "ErrorInvalidSmtpAddress as fault": mailboxWide("ErrorInvalidSmtpAddress"),
  "ErrorInvalidSmtpAddress as messages": mailboxWide("ErrorInvalidSmtpAddress"),
  "ErrorMissingEmailAddress as fault": mailboxWide("ErrorMissingEmailAddress"),
  "ErrorMissingEmailAddress as messages": mailboxWide("ErrorMissingEmailAddress"),
  "ErrorInvalidUserPrincipalName as fault": mailboxWide("ErrorInvalidUserPrincipalName"),
  "ErrorInvalidUserPrincipalName as messages": mailboxWide("ErrorInvalidUserPrincipalName"),
  "ErrorInvalidLicense as fault": mailboxWide("ErrorInvalidLicense"),
  "ErrorInvalidLicense as messages": mailboxWide("ErrorInvalidLicense"),
  "ErrorImpersonateUserDenied as fault": mailboxWide("ErrorImpersonateUserDenied"),
  "ErrorImpersonationDenied as fault": mailboxWide("ErrorImpersonationDenied"),
  "ErrorAccessDenied as fault": mailboxWide("ErrorAccessDenied"),
  "ErrorImpersonationFailed as fault": mailboxWide("ErrorImpersonationFailed"),
  "ErrorInvalidIdMalformed as item": itemsOwn("ErrorInvalidIdMalformed"),
  "ErrorInvalidChangeKey as item": itemsOwn("ErrorInvalidChangeKey"),
  // The item that is answered makes room for the next, so the batch gets done.
  "ErrorBatchProcessingStopped": { item: "content", requests: 3 },
  "ErrorSchemaValidation as fault": mailboxWide("ErrorSchemaValidation"),
  "HTTP 401": mailboxWide("Http401"),
  "HTTP 403": mailboxWide("Http403"),
  "HTTP 302 to the error page": passing("HttpErrorPage"),
  "HTTP 440": mailboxWide("Http440"),
  "HTTP 456": mailboxWide("Http456"),
  "HTTP 457": mailboxWide("Http457"),
  "HTTP 502": passing("Http502"),
  "HTTP 502 with Retry-After": passing("Http502", COME_BACK_LATER),
  "HTTP 503": passing("Http503", { ...BUSY, closes: "server" }),
  "HTTP 503 with Retry-After": passing("Http503", COME_BACK_LATER),
  "HTTP 504": passing("Http504"),
  "HTTP 504 with Retry-After": passing("Http504", COME_BACK_LATER),
  "HTTP 500 of ASP.NET": passing("Http500"),
  "HTTP 503 and the connection closed": passing("Http503", { ...BUSY, closes: "server" }),
  "HTTP 500 with X-CasErrorCode": mailboxWide("CasError", TRIED_A_FEW_TIMES),
};
