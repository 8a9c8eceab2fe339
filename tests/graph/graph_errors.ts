/** An error as Graph answers it: a status and an OData error body. */
export class GraphError extends Error {
  override readonly name = "GraphError";

  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }
}

/**
 * A request Graph would answer and the simulator cannot. Never dressed up as an answer of Graph: it
 * becomes HTTP 501 and says what is missing.
 */
export class NotModelled extends GraphError {
  constructor(what: string) {
    super(501, "NotModelled", `The simulated Graph does not model this: ${what}`);
  }
}

const badRequest = (message: string) => new GraphError(400, "BadRequest", message);
const invalidQuery = (message: string) => new GraphError(400, "ErrorInvalidUrlQuery", message);
const inefficientFilter = () =>
  new GraphError(
    400,
    "InefficientFilter",
    "The restriction or sort order is too complex for this operation.",
  );
const unknownProperty = (name: string, type: string) =>
  badRequest(
    `Parsing OData Select and Expand failed: Could not find a property named '${name}' on type ` +
      `'microsoft.graph.${type}'.`,
  );
const idMalformed = () => new GraphError(400, "ErrorInvalidIdMalformed", "Id is malformed.");
const otherMailbox = (id: string) =>
  new GraphError(
    400,
    "ErrorInvalidMailboxItemId",
    `Item '${id}' doesn't belong to the targeted mailbox.`,
  );
const itemNotFound = () =>
  new GraphError(
    404,
    "ErrorItemNotFound",
    "The specified object was not found in the store.",
  );
const folderNotFound = () =>
  new GraphError(
    404,
    "ErrorFolderNotFound",
    "The specified folder could not be found in the store.",
  );
const syncFolderNotFound = () =>
  new GraphError(
    404,
    "ErrorSyncFolderNotFound",
    "The specified folder could not be found in the store.",
  );
const accessDenied = () =>
  new GraphError(
    403,
    "ErrorAccessDenied",
    "Access is denied. Check credentials and try again.",
  );
const invalidUser = (user: string) =>
  new GraphError(404, "ErrorInvalidUser", `The requested user '${user}' is invalid.`);
const noMailbox = () =>
  new GraphError(
    404,
    "MailboxNotEnabledForRESTAPI",
    "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
  );
const syncStateInvalid = () =>
  new GraphError(400, "SyncStateInvalid", "The sync state is invalid.");
const syncStateNotFound = () =>
  new GraphError(
    410,
    "SyncStateNotFound",
    "The sync state generation is not found; generation=149;[highest=157][157][155][156].",
  );
const timedOut = () => new GraphError(504, "UnknownError", "");

/** Errors that several operations answer with, in Graph's words. */
export const ERRORS = {
  badRequest,
  invalidQuery,
  inefficientFilter,
  unknownProperty,
  idMalformed,
  otherMailbox,
  itemNotFound,
  folderNotFound,
  syncFolderNotFound,
  accessDenied,
  invalidUser,
  noMailbox,
  syncStateInvalid,
  syncStateNotFound,
  timedOut,
} as const;

/** What an error body says besides code and message. */
export interface ErrorPlace {
  readonly requestId: string;
  readonly clientRequestId: string;
  readonly now: Date;
}

/** The OData error body. */
export function errorBody(
  { code, message }: Pick<GraphError, "code" | "message">,
  { requestId, clientRequestId, now }: ErrorPlace,
): string {
  const innerError = {
    "date": now.toISOString().slice(0, 19),
    "request-id": requestId,
    "client-request-id": clientRequestId,
  };
  return JSON.stringify({ error: { code, message, innerError } });
}
