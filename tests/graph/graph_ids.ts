import { mailboxGuidOf, mailboxGuidOfImmutable } from "../exchange/exchange_ids.ts";
import type { Item } from "../exchange/items.ts";
import type { SimulatedFolder, SimulatedMailbox } from "../exchange/simulated_mailbox.ts";
import { ERRORS } from "./graph_errors.ts";

/** Graph's ids are Exchange's in the URL-safe alphabet, padding included (outlook-immutable-id). */
export function graphId(exchangeId: string): string {
  return exchangeId.replaceAll("/", "-").replaceAll("+", "_");
}

export function exchangeId(id: string): string {
  return id.replaceAll("-", "/").replaceAll("_", "+");
}

/** Names of folders that do not depend on the mailbox's language (mailFolder resource type). */
const WELL_KNOWN_NAMES: ReadonlySet<string> = new Set([
  "archive",
  "clutter",
  "conflicts",
  "conversationhistory",
  "deleteditems",
  "drafts",
  "inbox",
  "junkemail",
  "localfailures",
  "msgfolderroot",
  "outbox",
  "recoverableitemsdeletions",
  "scheduled",
  "searchfolders",
  "sentitems",
  "serverfailures",
  "syncissues",
]);

/** The folder a URL names by id or well-known name. Throws `GraphError`. */
export function folderNamed(mailbox: SimulatedMailbox, key: string): SimulatedFolder {
  const role = key.toLowerCase();
  if (WELL_KNOWN_NAMES.has(role)) {
    const folder = mailbox.folderOfRole(role);
    if (!folder) throw ERRORS.folderNotFound();
    return folder;
  }
  const folder = mailbox.folder(exchangeId(key));
  if (folder) return folder;
  throw missing(mailbox, key);
}

/** The item a URL names by either kind of id, whichever is preferred. Throws `GraphError`. */
export function itemNamed(mailbox: SimulatedMailbox, key: string): Item {
  const id = exchangeId(key);
  const item = mailbox.item(id) ?? mailbox.itemOfImmutableId(id);
  if (item && !item.isPhantom) return item;
  throw missing(mailbox, key);
}

function missing(mailbox: SimulatedMailbox, key: string): Error {
  const id = exchangeId(key);
  const guid = mailboxGuidOf(id) ?? mailboxGuidOfImmutable(id);
  if (guid === undefined) return ERRORS.idMalformed();
  return guid === mailbox.ids.mailboxGuid ? ERRORS.itemNotFound() : ERRORS.otherMailbox(key);
}
