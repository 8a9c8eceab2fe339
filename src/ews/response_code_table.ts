import type { Meaning as SharedMeaning, Reaction } from "../source/failure_table.ts";

/** What a response code means for whoever asked. */
export interface Meaning extends SharedMeaning {
  /** What holds where the code comes as a SOAP fault; absent: the same. */
  readonly asFault?: Reaction;
}

const RETRY: Meaning = { reaction: "retry" };
const RETRY_FEW: Meaning = {
  reaction: "retryFew",
  hint: "Look for the cause in the event log of the Exchange server (MSExchange Web Services)",
};
const THROTTLED: Meaning = {
  reaction: "retry",
  hint:
    "Wait; if this lasts, run less else on this account, or raise its limits where that can be " +
    "done (on-premises New-ThrottlingPolicy, Set-ThrottlingPolicyAssociation)",
};
const OVERLOADED: Meaning = {
  reaction: "retry",
  hint: "Wait; if this lasts, look at the load of the Exchange servers (Get-ServerHealth)",
};
const STORE_AWAY: Meaning = {
  reaction: "retry",
  hint: "Wait; if this lasts, check that the mailbox's database is mounted " +
    "(Get-MailboxDatabaseCopyStatus)",
};
const DIRECTORY_AWAY: Meaning = {
  reaction: "retry",
  hint: "Wait; if this lasts, check that the Exchange servers reach a domain controller " +
    "(Get-ExchangeServer -Status)",
};
const SITE_AWAY: Meaning = {
  reaction: "retry",
  hint: "Wait; if this lasts, check the servers of the Active Directory site that holds the " +
    "mailbox (Test-ServiceHealth)",
};
const ASKED: Meaning = { reaction: "asked" };
const LOGON: Meaning = {
  reaction: "retryThenMailbox",
  hint: "Check that the mailbox's database is mounted and the account may sign in " +
    "(Test-MapiConnectivity MAILBOX)",
};

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
const MOVED_HINT =
  `${ADDRESS_HINT} that has not moved to Exchange Online (Get-RemoteMailbox ADDRESS)`;
const PROXY_HINT =
  "Point ews_endpoint to a server of the Active Directory site that holds the mailbox";
const PASSWORD_HINT = "Set a new password for the account and put it into the configuration";
const OUR_DEFECT_HINT = "Report this with the log line: the server does not accept our request";

/** Microsoft's response codes (ResponseCode element, EWS reference) that a reading client can meet. */
export const RESPONSE_CODES: Readonly<Record<string, Meaning>> = {
  // Busy, overloaded, or in motion.
  ErrorServerBusy: THROTTLED,
  ErrorExceededConnectionCount: THROTTLED,
  ErrorExceededFindCountLimit: THROTTLED,
  ErrorTooManyObjectsOpened: THROTTLED,
  ErrorInternalServerTransientError: OVERLOADED,
  ErrorInsufficientResources: OVERLOADED,
  ErrorNotEnoughMemory: OVERLOADED,
  ErrorMailboxStoreUnavailable: STORE_AWAY,
  ErrorMailboxFailover: STORE_AWAY,
  ErrorMailboxMoveInProgress: {
    reaction: "retry",
    hint: "Wait until the mailbox has been moved (Get-MoveRequest MAILBOX)",
  },
  ErrorConnectionFailed: STORE_AWAY,
  ErrorADUnavailable: DIRECTORY_AWAY,
  ErrorADOperation: DIRECTORY_AWAY,
  ErrorDataSourceOperation: DIRECTORY_AWAY,
  ErrorNoRespondingCASInDestinationSite: SITE_AWAY,
  ErrorProxyServiceDiscoveryFailed: SITE_AWAY,
  ErrorClientDisconnected: RETRY,
  ErrorRequestAborted: RETRY,
  ErrorRequestStreamTooBig: ASKED,
  ErrorBatchProcessingStopped: RETRY,
  ErrorTimeoutExpired: RETRY_FEW,
  ErrorInternalServerError: RETRY_FEW,
  ErrorInvalidAuthorizationContext: LOGON,
  ErrorInvalidClientSecurityContext: LOGON,
  ErrorLogonAsNetworkServiceFailed: LOGON,
  ErrorMailboxLogonFailed: LOGON,
  ErrorWin32InteropError: RETRY_FEW,
  StreamSilent: RETRY, // our own: see `documentsOf`
  ResponseTooLarge: RETRY_FEW, // our own: see `splitMime`
  CasError: { reaction: "retryThenMailbox" }, // our own: see `errorOfStatus`
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
  // Attachments that cannot be had.
  ErrorAttachmentNestLevelLimitExceeded: ASKED,
  ErrorAttachmentSizeLimitExceeded: ASKED,
  ErrorCannotOpenFileAttachment: ASKED,
  ErrorInvalidAttachmentId: ASKED,
  // Folders.
  ErrorInvalidSyncStateData: ASKED,
  ErrorSyncFolderNotFound: ASKED,
  ErrorFolderNotFound: { reaction: "asked", hint: ACCESS_HINT },
  ErrorFolderCorrupt: ASKED,
  ErrorFolderPropertRequestFailed: ASKED,
  ErrorInvalidFolderId: ASKED,
  ErrorInvalidFolderTypeForOperation: ASKED,
  ErrorCannotUseItemIdForFolderId: ASKED,
  ErrorAccessDenied: { reaction: "asked", asFault: "mailbox", hint: ACCESS_HINT },
  // Subscriptions: a lost one is made anew, and mail is polled meanwhile.
  ErrorSubscriptionNotFound: RETRY,
  ErrorExpiredSubscription: RETRY,
  ErrorInvalidSubscription: RETRY,
  ErrorSubscriptionUnsubscribed: RETRY,
  ErrorSubscriptionAccessDenied: RETRY,
  ErrorMissedNotificationEvents: RETRY,
  ErrorNewEventStreamConnectionOpened: RETRY,
  ErrorReadEventsFailed: RETRY,
  ErrorEventNotFound: RETRY,
  ErrorProxiedSubscriptionCallFailure: RETRY,
  ErrorExceededSubscriptionCount: {
    reaction: "mailbox",
    hint:
      "Set access_type to impersonation, so that every mailbox has a limit of its own, or raise " +
      "EwsMaxSubscriptions of the account where that can be done (on-premises Set-ThrottlingPolicy)",
  },
  ErrorSubscriptionDelegateAccessNotSupported: { reaction: "mailbox", hint: ACCESS_HINT },
  ErrorInvalidSubscriptionRequest: { reaction: "mailbox", hint: OUR_DEFECT_HINT },
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
  ErrorNonExistentMailbox: { reaction: "mailbox", hint: MOVED_HINT },
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
  ErrorProxyRequestProcessingFailed: { reaction: "retryThenMailbox", hint: PROXY_HINT },
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

/** What a code means that Microsoft may yet invent. */
export const UNKNOWN_MEANING: Meaning = RETRY_FEW;
