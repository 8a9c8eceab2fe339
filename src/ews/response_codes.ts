import type { ErrorKind } from "../core/errors.ts";
import { SyncError } from "../core/errors.ts";

/** What a request asked for, hence how far a refusal of it reaches. */
export type Reach = "item" | "folder" | "mailbox";

/**
 * - `retry`: passes by itself; tried again until the time budget is spent.
 * - `retryFew`: may pass by itself, or may be a poisonous item: `ATTEMPTS_FEW` times, then `asked`.
 * - `asked`: holds for what was asked for: one item, one folder, or the mailbox.
 * - `mailbox`: holds for the whole mailbox whatever was asked for.
 */
type Reaction = "retry" | "retryFew" | "asked" | "mailbox";

/** How often a failure that may never pass is tried. */
export const ATTEMPTS_FEW = 5;

interface Meaning {
  readonly reaction: Reaction;
  readonly hint?: string;
}

const RETRY: Meaning = { reaction: "retry" };
const RETRY_FEW: Meaning = { reaction: "retryFew" };
const ASKED: Meaning = { reaction: "asked" };

const IMPERSONATION_HINT =
  "Let the account impersonate this mailbox: on-premises New-ManagementRoleAssignment -Role " +
  "ApplicationImpersonation -User ACCOUNT; in Exchange Online the application permission " +
  "full_access_as_app";
const ACCESS_HINT =
  "Give the account Full Access: Add-MailboxPermission -Identity MAILBOX -User ACCOUNT " +
  "-AccessRights FullAccess, or set access_type to impersonation";
const ADDRESS_HINT =
  "Check that the configured address is the primary SMTP address of an existing mailbox " +
  "(Get-Mailbox ADDRESS)";
const PROXY_HINT =
  "Point ews_endpoint to a server of the Active Directory site that holds the mailbox";
const PASSWORD_HINT = "Set a new password for the account and put it into the configuration";
const OUR_DEFECT_HINT = "Report this with the log line: the server does not accept our request";

/** Microsoft's response codes (ResponseCode element, EWS reference) that a reading client can meet. */
const RESPONSE_CODES: Readonly<Record<string, Meaning>> = {
  // Busy, overloaded, or in motion.
  ErrorServerBusy: RETRY,
  ErrorExceededConnectionCount: RETRY,
  ErrorExceededFindCountLimit: RETRY,
  ErrorTooManyObjectsOpened: RETRY,
  ErrorInternalServerTransientError: RETRY,
  ErrorInsufficientResources: RETRY,
  ErrorNotEnoughMemory: RETRY,
  ErrorMailboxStoreUnavailable: RETRY,
  ErrorMailboxFailover: RETRY,
  ErrorMailboxMoveInProgress: RETRY,
  ErrorConnectionFailed: RETRY,
  ErrorADUnavailable: RETRY,
  ErrorADOperation: RETRY,
  ErrorDataSourceOperation: RETRY,
  ErrorNoRespondingCASInDestinationSite: RETRY,
  ErrorProxyServiceDiscoveryFailed: RETRY,
  ErrorClientDisconnected: RETRY,
  ErrorRequestAborted: RETRY,
  ErrorRequestStreamTooBig: ASKED,
  ErrorBatchProcessingStopped: RETRY,
  ErrorTimeoutExpired: RETRY_FEW,
  ErrorInternalServerError: RETRY_FEW,
  ErrorInvalidAuthorizationContext: RETRY_FEW,
  ErrorInvalidClientSecurityContext: RETRY_FEW,
  ErrorLogonAsNetworkServiceFailed: RETRY_FEW,
  ErrorMailboxLogonFailed: RETRY_FEW,
  ErrorWin32InteropError: RETRY_FEW,
  ResponseTooLarge: RETRY_FEW, // our own: see `splitMime`
  // Items that cannot be had.
  ErrorItemNotFound: ASKED,
  ErrorItemCorrupt: ASKED,
  ErrorItemPropertyRequestFailed: ASKED,
  ErrorCorruptData: ASKED,
  ErrorContentConversionFailed: ASKED,
  ErrorMimeContentConversionFailed: ASKED,
  ErrorMimeContentInvalid: ASKED,
  ErrorMimeContentInvalidBase64String: ASKED,
  ErrorUnsupportedMimeConversion: ASKED,
  ErrorUnsupportedTypeForConversion: ASKED,
  ErrorMessageSizeExceeded: ASKED,
  ErrorDataSizeLimitExceeded: ASKED,
  ErrorPropertyRequestFailed: ASKED,
  ErrorObjectTypeChanged: ASKED,
  ErrorStaleObject: ASKED,
  ErrorVirusDetected: ASKED,
  ErrorVirusMessageDeleted: ASKED,
  ErrorInvalidChangeKey: ASKED,
  ErrorInvalidId: ASKED,
  ErrorInvalidIdEmpty: ASKED,
  ErrorInvalidIdMalformed: ASKED,
  ErrorInvalidIdMalformedEwsLegacyIdFormat: ASKED,
  ErrorInvalidIdMonikerTooLong: ASKED,
  ErrorInvalidIdStoreObjectIdTooLong: ASKED,
  ErrorCannotUseFolderIdForItemId: ASKED,
  // Folders.
  ErrorInvalidSyncStateData: ASKED,
  ErrorSyncFolderNotFound: ASKED,
  ErrorFolderNotFound: { reaction: "asked", hint: ACCESS_HINT },
  ErrorFolderCorrupt: ASKED,
  ErrorFolderPropertRequestFailed: ASKED,
  ErrorInvalidFolderId: ASKED,
  ErrorInvalidFolderTypeForOperation: ASKED,
  ErrorCannotUseItemIdForFolderId: ASKED,
  ErrorAccessDenied: { reaction: "asked", hint: ACCESS_HINT },
  // Rights and identity.
  ErrorImpersonateUserDenied: { reaction: "mailbox", hint: IMPERSONATION_HINT },
  ErrorImpersonationDenied: { reaction: "mailbox", hint: IMPERSONATION_HINT },
  ErrorImpersonationFailed: { reaction: "mailbox", hint: IMPERSONATION_HINT },
  ErrorInvalidExchangeImpersonationHeaderData: { reaction: "mailbox", hint: ADDRESS_HINT },
  ErrorCallerIsInvalidADAccount: {
    reaction: "mailbox",
    hint: "Use a user account of the Active Directory forest that Exchange belongs to",
  },
  ErrorAccountDisabled: {
    reaction: "mailbox",
    hint: "Enable the account in Active Directory (Enable-ADAccount), or remove the mailbox",
  },
  ErrorPasswordExpired: { reaction: "mailbox", hint: PASSWORD_HINT },
  ErrorPasswordChangeRequired: { reaction: "mailbox", hint: PASSWORD_HINT },
  ErrorNonExistentMailbox: { reaction: "mailbox", hint: ADDRESS_HINT },
  ErrorNonPrimarySmtpAddress: {
    reaction: "mailbox",
    hint: "Configure the primary SMTP address of this mailbox, which the message names",
  },
  ErrorInvalidSmtpAddress: { reaction: "mailbox", hint: ADDRESS_HINT },
  ErrorInvalidUserPrincipalName: { reaction: "mailbox", hint: ADDRESS_HINT },
  ErrorInvalidUserSid: { reaction: "mailbox", hint: ADDRESS_HINT },
  ErrorMissingEmailAddress: {
    reaction: "mailbox",
    hint: "Give the account a mailbox of its own, or set access_type to impersonation",
  },
  ErrorMailRecipientNotFound: { reaction: "mailbox", hint: ADDRESS_HINT },
  ErrorMailboxConfiguration: {
    reaction: "mailbox",
    hint: "Repair the mailbox's attributes in Active Directory (Get-Mailbox shows a warning)",
  },
  ErrorInvalidLicense: {
    reaction: "mailbox",
    hint: "Assign a licence with Exchange to the user, or remove the mailbox",
  },
  ErrorOrganizationAccessBlocked: {
    reaction: "mailbox",
    hint: "Ask Microsoft why the tenant is being removed, or remove its mailboxes",
  },
  // Servers of another site, forest or version.
  ErrorCrossSiteRequest: { reaction: "mailbox", hint: PROXY_HINT },
  ErrorInvalidCrossForestCredentials: { reaction: "mailbox", hint: PROXY_HINT },
  ErrorNoApplicableProxyCASServersAvailable: { reaction: "mailbox", hint: PROXY_HINT },
  ErrorNoDestinationCASDueToKerberosRequirements: { reaction: "mailbox", hint: PROXY_HINT },
  ErrorNoDestinationCASDueToSSLRequirements: { reaction: "mailbox", hint: PROXY_HINT },
  ErrorNoDestinationCASDueToVersionMismatch: { reaction: "mailbox", hint: PROXY_HINT },
  ErrorProxyRequestNotAllowed: { reaction: "mailbox", hint: PROXY_HINT },
  ErrorProxyRequestProcessingFailed: RETRY_FEW,
  ErrorProxyGroupSidLimitExceeded: {
    reaction: "mailbox",
    hint: "Use an account that is a member of fewer than 3000 groups",
  },
  ErrorWrongServerVersion: { reaction: "mailbox", hint: PROXY_HINT },
  ErrorWrongServerVersionDelegate: {
    reaction: "mailbox",
    hint: "Set access_type to impersonation, or use an account whose mailbox has the same version",
  },
  ErrorInvalidServerVersion: {
    reaction: "mailbox",
    hint: "Update the server to Exchange 2010 SP2 or newer",
  },
  ErrorIncorrectSchemaVersion: {
    reaction: "mailbox",
    hint: "Update the server to Exchange 2010 SP2 or newer",
  },
  ErrorInvalidSchemaVersionForMailboxVersion: {
    reaction: "mailbox",
    hint: "Move the mailbox to Exchange 2010 SP2 or newer",
  },
  // Requests that this mailbox's server does not understand.
  ErrorSchemaValidation: { reaction: "mailbox", hint: OUR_DEFECT_HINT },
  ErrorInvalidRequest: { reaction: "mailbox", hint: OUR_DEFECT_HINT },
  ErrorInvalidOperation: { reaction: "mailbox", hint: OUR_DEFECT_HINT },
  ErrorInvalidArgument: { reaction: "mailbox", hint: OUR_DEFECT_HINT },
  ErrorInvalidPropertyRequest: { reaction: "asked", hint: OUR_DEFECT_HINT },
  ErrorInvalidRestriction: { reaction: "mailbox", hint: OUR_DEFECT_HINT },
  ErrorInvalidValueForProperty: { reaction: "mailbox", hint: OUR_DEFECT_HINT },
  ErrorUnsupportedPathForQuery: { reaction: "asked", hint: OUR_DEFECT_HINT },
  ErrorUnsupportedPathForSortGroup: { reaction: "asked", hint: OUR_DEFECT_HINT },
  ErrorInvalidIndexedPagingParameters: { reaction: "mailbox", hint: OUR_DEFECT_HINT },
};

/** The code under which codes are counted that Microsoft may yet invent: labels stay bounded. */
export const UNKNOWN_CODE = "ErrorUnknown";

/** Codes that say the caller uses up a budget; its gate closes even if no delay is named. */
const BUSY_CODES: ReadonlySet<string> = new Set([
  "ErrorServerBusy",
  "ErrorExceededConnectionCount",
  "ErrorExceededFindCountLimit",
  "ErrorTooManyObjectsOpened",
  "ErrorInsufficientResources",
]);

export function isBusyCode(code: string): boolean {
  return BUSY_CODES.has(code);
}

/** How often a request that fails with this code is sent at most. */
export function attemptsMaxOf(code: string): number {
  return meaningOf(code).reaction === "retryFew" ? ATTEMPTS_FEW : Infinity;
}

/** Failures of an answer that its content may have caused, hence one item every time. */
const ANSWER_FAILURES: ReadonlySet<string> = new Set([
  "ResponseCorrupt",
  "ResponseIncomplete",
  "ResponseCutShort",
]);

/**
 * Whether one poisonous item may be behind this failure of a request for items. It is isolated, and
 * given up after `ATTEMPTS_FEW`: it must not block its folder for ever.
 */
export function mayBeItemsFault({ kind, code }: SyncError): boolean {
  return kind === "retryable" &&
    (ANSWER_FAILURES.has(code) || meaningOf(code).reaction === "retryFew");
}

/** What a server says beside the code itself. */
export interface ResponseError {
  readonly code: string;
  /** Its own words; hostile, cut to a harmless length here. */
  readonly text: string;
  /** `BackOffMilliseconds`. */
  readonly backOffMs?: number | undefined;
  /** `InnerErrorResponseCode`: what is behind an `ErrorInternalServerError`. */
  readonly innerCode?: string | undefined;
}

/** The error of a response code where `reach` was asked for. */
export function syncErrorOfCode(error: ResponseError, reach: Reach): SyncError {
  const known = knownCodeOf(error);
  const { reaction, hint } = meaningOf(known ?? UNKNOWN_CODE);
  const said = known === error.code ? error.text : `${error.code}: ${error.text}`;
  return new SyncError(
    kindOf(reaction, reach),
    known ?? UNKNOWN_CODE,
    `Exchange refused the request: "${shortened(said)}"`,
    {
      ...(hint === undefined ? {} : { hint }),
      ...(error.backOffMs === undefined ? {} : { retryAfterMs: error.backOffMs }),
    },
  );
}

/** The radius of an error that was `retryFew` and has been tried often enough. */
export function kindWhenGivenUp(error: SyncError, reach: Reach): ErrorKind {
  return error.kind === "retryable" && meaningOf(error.code).reaction === "retryFew"
    ? reach
    : error.kind;
}

function knownCodeOf({ code, innerCode }: ResponseError): string | undefined {
  const inner = code === "ErrorInternalServerError" ? innerCode : undefined;
  return [inner, code].find((candidate) =>
    candidate !== undefined && Object.hasOwn(RESPONSE_CODES, candidate)
  );
}

function meaningOf(code: string): Meaning {
  if (Object.hasOwn(RESPONSE_CODES, code)) return RESPONSE_CODES[code]!;
  return code === UNKNOWN_CODE ? RETRY_FEW : RETRY;
}

function kindOf(reaction: Reaction, reach: Reach): ErrorKind {
  switch (reaction) {
    case "retry":
    case "retryFew":
      return "retryable";
    case "asked":
      return reach;
    case "mailbox":
      return "mailbox";
  }
}

const TEXT_CHARACTERS_MAX = 300;

function shortened(text: string): string {
  const oneLine = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, " ").trim();
  return oneLine.length <= TEXT_CHARACTERS_MAX
    ? oneLine
    : `${oneLine.slice(0, TEXT_CHARACTERS_MAX)}…`;
}
