import type { Meaning } from "../source/failure_table.ts";

const RETRY: Meaning = { reaction: "retry" };
const RETRY_FEW: Meaning = {
  reaction: "retryFew",
  hint: "Ask Microsoft's support with the request id of the log at level 2",
};
const ASKED: Meaning = { reaction: "asked" };
const THROTTLED: Meaning = {
  reaction: "retry",
  hint:
    "Wait; if this lasts, look what else uses this application's requests: Graph allows 10,000 " +
    "in 10 minutes and 4 at a time for each mailbox",
};
const AWAY: Meaning = {
  reaction: "retry",
  hint: "Wait; if this lasts, look at the service health of Exchange Online (admin.microsoft.com)",
};
const GATEWAY: Meaning = {
  reaction: "retry",
  hint: "Wait; if this lasts, look at the proxy before Graph, and at the service health of " +
    "Exchange Online (admin.microsoft.com)",
};

/** How an application gets to read some mailboxes and no others (RBAC for Applications). */
const ACCESS: Meaning = {
  reaction: "mailbox",
  hint: "Let the application (auth_oauth_client_id) read this mailbox, in Exchange Online " +
    "PowerShell: New-ServicePrincipal -AppId CLIENT-ID -ObjectId ENTERPRISE-APP-OBJECT-ID; " +
    "New-ManagementScope -Name SCOPE -RecipientRestrictionFilter FILTER; " +
    'New-ManagementRoleAssignment -App CLIENT-ID -Role "Application Mail.Read" ' +
    "-CustomResourceScope SCOPE (up to 2 hours until it holds); do not also consent to Mail.Read " +
    "in Entra, which would open every mailbox of the tenant",
};
const TOKEN: Meaning = {
  reaction: "mailbox",
  hint: "Check auth_oauth_authority (the tenant of the mailbox), auth_oauth_client_id, " +
    "auth_oauth_scope (graph_endpoint followed by /.default), and the clock of this machine",
};
const ADDRESS: Meaning = {
  reaction: "mailbox",
  hint: "Check that the configured address is the primary SMTP address or user principal name of " +
    "an existing mailbox of this tenant (Get-Mailbox ADDRESS)",
};
const NO_MAILBOX: Meaning = {
  reaction: "mailbox",
  hint: "Give the user a licence with Exchange Online; if the mailbox is on-premises, set " +
    "microsoft_api to ews and ews_endpoint to its server",
};
const ON_PREMISES: Meaning = {
  reaction: "mailbox",
  hint: "Set microsoft_api to ews and ews_endpoint to the server that holds the mailbox, or move " +
    "the mailbox to Exchange Online",
};
const OUR_DEFECT: Meaning = {
  reaction: "mailbox",
  hint: "Report this with the log line: Graph does not accept our request",
};
const ENDPOINT: Meaning = {
  reaction: "retryThenMailbox",
  hint: "Check graph_endpoint: https://graph.microsoft.com, or the address of a national cloud",
};

/**
 * Error codes of Graph (Microsoft, "Microsoft Graph error responses"; Exchange's own beside them)
 * that a reading client can meet, and our own codes of answers and statuses.
 */
export const GRAPH_CODES: Readonly<Record<string, Meaning>> = {
  // Busy, overloaded, or in motion.
  ApplicationThrottled: THROTTLED,
  TooManyRequests: THROTTLED,
  ErrorExceededConnectionCount: THROTTLED,
  ErrorServerBusy: THROTTLED,
  ErrorInternalServerTransientError: AWAY,
  ErrorInsufficientResources: AWAY,
  ErrorMailboxStoreUnavailable: AWAY,
  ErrorMailboxFailover: AWAY,
  ErrorConnectionFailed: AWAY,
  ErrorADUnavailable: AWAY,
  ErrorADOperation: AWAY,
  ErrorMailboxMoveInProgress: {
    reaction: "retry",
    hint: "Wait until the mailbox has been moved (Get-MoveRequest MAILBOX)",
  },
  ServiceNotAvailable: AWAY,
  ErrorTimeoutExpired: RETRY_FEW,
  ErrorInternalServerError: RETRY_FEW,
  GeneralException: RETRY_FEW,
  // Items that cannot be had.
  ErrorItemNotFound: ASKED,
  ItemNotFound: ASKED,
  ErrorItemCorrupt: ASKED,
  ErrorItemPropertyRequestFailed: ASKED,
  ErrorCorruptData: ASKED,
  ErrorContentConversionFailed: ASKED,
  ErrorMimeContentConversionFailed: ASKED,
  ErrorUnsupportedMimeConversion: ASKED,
  ErrorMessageSizeExceeded: ASKED,
  ErrorPropertyRequestFailed: ASKED,
  ErrorInvalidRecipients: ASKED,
  ErrorVirusDetected: ASKED,
  ErrorVirusMessageDeleted: ASKED,
  ErrorInvalidId: ASKED,
  ErrorInvalidMailboxItemId: ASKED,
  ErrorInvalidIdMalformed: ASKED,
  // Attachments that cannot be had.
  ErrorCannotOpenFileAttachment: ASKED,
  ErrorInvalidAttachmentId: ASKED,
  ErrorAttachmentSizeLimitExceeded: ASKED,
  // Folders.
  ErrorFolderNotFound: ASKED,
  ErrorSyncFolderNotFound: ASKED,
  ErrorInvalidFolderTypeForOperation: ASKED,
  SyncStateNotFound: ASKED,
  SyncStateInvalid: ASKED,
  ErrorInvalidSyncStateData: ASKED,
  ResyncRequired: ASKED,
  InefficientFilter: ASKED,
  ErrorUnsupportedPathForQuery: ASKED,
  ErrorUnsupportedPathForSortGroup: ASKED,
  ErrorQuotaExceeded: {
    reaction: "mailbox",
    hint: "Make room in the mailbox (Get-MailboxStatistics MAILBOX): Exchange keeps the state of " +
      "its change lists there",
  },
  // Mailboxes.
  ErrorAccessDenied: ACCESS,
  AccessDenied: ACCESS,
  Authorization_RequestDenied: ACCESS,
  ErrorInvalidUser: ADDRESS,
  ErrorNonExistentMailbox: ADDRESS,
  Request_ResourceNotFound: ADDRESS,
  ResourceNotFound: ADDRESS,
  MailboxNotEnabledForRESTAPI: NO_MAILBOX,
  MailboxNotSupportedForRESTAPI: NO_MAILBOX,
  ErrorInvalidLicense: NO_MAILBOX,
  MailboxNotHostedInExchangeOnline: ON_PREMISES,
  ErrorMailboxMoved: ON_PREMISES,
  // Sign-in: what the transport could not settle by a newer token.
  InvalidAuthenticationToken: TOKEN,
  AuthenticationError: TOKEN,
  // Requests that Graph does not understand.
  BadRequest: OUR_DEFECT,
  ErrorInvalidRequest: OUR_DEFECT,
  ErrorInvalidUrlQuery: OUR_DEFECT,
  ErrorInvalidProperty: OUR_DEFECT,
  RequestBroker_ParseUri: OUR_DEFECT,
  // Answers that say no more than their status.
  Http400: { ...OUR_DEFECT, reaction: "retryFew" },
  Http401: TOKEN,
  Http403: ACCESS,
  Http404: ENDPOINT,
  Http405: ENDPOINT,
  Http407: {
    reaction: "mailbox",
    hint: "Put the proxy's user and password into HTTPS_PROXY",
  },
  Http408: GATEWAY,
  Http409: AWAY,
  Http410: ASKED,
  Http429: THROTTLED,
  Http500: AWAY,
  Http502: GATEWAY,
  Http503: AWAY,
  Http504: GATEWAY,
  Http509: THROTTLED,
  // Our own: see `GraphClient`.
  ResponseNotJson: GATEWAY,
  ResponseNotMime: GATEWAY,
  ResponseTooLarge: RETRY_FEW,
};

/** Statuses that are not in the table: failures of the server pass, refusals do not. */
export const OTHER_FAILURE: Meaning = RETRY;
export const OTHER_REFUSAL: Meaning = OUR_DEFECT;
