import { SyncError } from "../core/errors.ts";

/** The server gave up, or whoever waited for it did: the transport, or a gateway in between. */
export const NOT_IN_TIME: ReadonlySet<string> = new Set(["Timeout", "Http504"]);

/** Two minutes each time: the server may go on meanwhile and be done when asked again. */
export const NOT_IN_TIME_MAX = 3;

/** The error that `MailSource.list` promises where a folder cannot be listed in order. */
export function listingUnavailable(cause: SyncError): SyncError {
  return new SyncError(
    "folder",
    "ListingUnavailable",
    `Exchange cannot list this folder in order (${cause.code})`,
    { cause, hint: "Wait: the folder is gone through without order, which takes longer" },
  );
}
