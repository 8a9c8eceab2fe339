import type { XmlPlace } from "./xml_tree.ts";

/** Further facts of an error, as children of `MessageXml`: ready XML. */
type MessageXml = string;

/** One response message of class `Error`; the rest of the answer is not affected. */
export class EwsError extends Error {
  override readonly name = "EwsError";

  constructor(readonly code: string, message: string, readonly messageXml?: MessageXml) {
    super(message);
  }
}

/** A SOAP fault: the whole request is refused. */
export class SoapFault extends Error {
  override readonly name = "SoapFault";

  constructor(readonly code: string, message: string, readonly violation?: SchemaViolation) {
    super(message);
  }
}

/** The request is not valid by the schema it is written for. */
export class SchemaViolation extends Error {
  override readonly name = "SchemaViolation";

  constructor(message: string, readonly place: XmlPlace) {
    super(message);
  }
}

/**
 * A request Exchange would answer and the simulator cannot. Never dressed up as an answer of
 * Exchange: it becomes HTTP 501 and says what is missing.
 */
export class NotModelled extends Error {
  override readonly name = "NotModelled";
}

const accessDenied = () =>
  new EwsError("ErrorAccessDenied", "Access is denied. Check credentials and try again.");
const itemNotFound = () =>
  new EwsError("ErrorItemNotFound", "The specified object was not found in the store.");
const folderNotFound = () =>
  new EwsError("ErrorFolderNotFound", "The specified folder could not be found in the store.");
const idMalformed = () => new EwsError("ErrorInvalidIdMalformed", "Id is malformed.");
const noSuchMailbox = () =>
  new EwsError("ErrorNonExistentMailbox", "The SMTP address has no mailbox associated with it.");
const noMailbox = () =>
  new EwsError(
    "ErrorMissingEmailAddress",
    "When making a request as an account that does not have a mailbox, you must specify the " +
      "mailbox primary SMTP address for any distinguished folder Ids.",
  );

/** Errors that several operations answer with, in Exchange's words. */
export const ERRORS = {
  accessDenied,
  itemNotFound,
  folderNotFound,
  idMalformed,
  noSuchMailbox,
  noMailbox,
} as const;
