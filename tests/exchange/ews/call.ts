import type { AccessRights, Account } from "../access_rights.ts";
import type { AnswerPart } from "../answer_bytes.ts";
import type { MailboxStore } from "../mailbox_store.ts";
import type { Notifications } from "../notifications.ts";
import type { SimulatedFolder, SimulatedMailbox } from "../simulated_mailbox.ts";
import type { ContentReader } from "./content_reader.ts";
import { ERRORS } from "./ews_errors.ts";
import type { DatePrecision } from "./item_properties.ts";
import type { SchemaVersion } from "./server_version.ts";

/** One call of an operation: who asks, and in which terms. */
export interface Call {
  readonly store: MailboxStore;
  readonly account: Account;
  /** HTTP header fields, names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly notifications: Notifications;
  readonly rights: AccessRights;
  /** Address of the mailbox whose owner the account acts as. */
  readonly impersonated: string | undefined;
  readonly precision: DatePrecision;
  /** The schema the request is written for. */
  readonly requested: SchemaVersion;
  /** The newest schema the server has. */
  readonly newest: SchemaVersion;
  readonly note: CallNote;
}

/** What the ledger wants to know of a call; filled in as it is worked on. */
export interface CallNote {
  readonly mailboxes: Set<string>;
  /** Items or folders given back. */
  items: number;
  /** Codes of all response messages, in order. */
  readonly responseCodes: string[];
}

export interface FolderOfMailbox {
  readonly mailbox: SimulatedMailbox;
  readonly folder: SimulatedFolder;
}

/**
 * An operation reads the whole request first, so that a violation of the schema anywhere refuses
 * all of it, and then answers with one response message for each thing asked.
 */
export interface Operation {
  readonly name: string;
  read(request: ContentReader): readonly ResponseMessage[];
}

export interface ResponseMessage {
  /** The content after the response code. Throws `EwsError`. */
  answer(call: Call): readonly AnswerPart[];
  /** What the schema demands in the place of content when the answer is an error. */
  readonly emptyContent: string;
}

/** Opens a mailbox by address, if it exists and the caller may. */
export function openMailbox(call: Call, address: string): SimulatedMailbox {
  call.note.mailboxes.add(address.toLowerCase());
  const mailbox = call.store.mailbox(address);
  if (!mailbox) throw ERRORS.noSuchMailbox();
  const mayOpen = call.impersonated === undefined
    ? call.rights.mayOpen(call.account, mailbox.address)
    : call.impersonated === mailbox.address;
  if (!mayOpen) throw ERRORS.accessDenied();
  return mailbox;
}

/** Opens the mailbox a folder or item id belongs to. */
export function openMailboxOfId(call: Call, id: string): SimulatedMailbox {
  const mailbox = call.store.mailboxOfId(id);
  if (!mailbox) throw ERRORS.idMalformed();
  return openMailbox(call, mailbox.address);
}

/** The mailbox of whoever calls, where the request does not name one. */
export function ownMailbox(call: Call): SimulatedMailbox {
  const address = call.impersonated ?? call.account.mailbox;
  if (address === undefined) throw ERRORS.noMailbox();
  return openMailbox(call, address);
}
