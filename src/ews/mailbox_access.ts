import { SyncError } from "../core/errors.ts";
import type { Mailbox } from "../core/mailbox.ts";
import { GONE_CODES } from "./folder_codes.ts";

/** The message root is missing: delegates without rights are told that it does not exist. */
export function noAccess(mailbox: Mailbox, cause?: SyncError): SyncError {
  return new SyncError("mailbox", "MailboxNotAccessible", "The mailbox cannot be opened", {
    cause,
    hint: "Give the account Full Access (Add-MailboxPermission -Identity MAILBOX -User ACCOUNT " +
      "-AccessRights FullAccess), or set access_type to impersonation",
    context: { mailbox: mailbox.address },
  });
}

/** Asks for something of the message root; where that is denied or missing, so is the mailbox. */
export async function inMailbox<T>(mailbox: Mailbox, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof SyncError)) throw error;
    if (!GONE_CODES.has(error.code) && error.code !== "ErrorAccessDenied") throw error;
    throw noAccess(mailbox, error);
  }
}
