import {
  type Call,
  type FolderOfMailbox,
  openMailbox,
  openMailboxOfId,
  ownMailbox,
} from "./call.ts";
import type { ContentReader } from "./content_reader.ts";
import { ERRORS } from "./ews_errors.ts";
import type { SchemaVersion } from "./server_version.ts";

/** How a request names a folder. */
export type FolderReference =
  | { readonly id: string; readonly role?: never }
  | { readonly role: string; readonly mailbox: string | undefined; readonly id?: never };

/** Names of `DistinguishedFolderIdNameType`; the mailboxes here lack some of these folders. */
const ROLES: ReadonlyMap<string, SchemaVersion> = new Map(
  ([
    [
      "Exchange2007",
      "calendar contacts deleteditems drafts inbox journal notes outbox sentitems tasks " +
      "msgfolderroot publicfoldersroot root junkemail searchfolders voicemail",
    ],
    [
      "Exchange2010_SP1",
      "recoverableitemsroot recoverableitemsdeletions recoverableitemsversions " +
      "recoverableitemspurges archiveroot archivemsgfolderroot archivedeleteditems " +
      "archiverecoverableitemsroot archiverecoverableitemsdeletions " +
      "archiverecoverableitemsversions archiverecoverableitemspurges",
    ],
    [
      "Exchange2013",
      "syncissues conflicts localfailures serverfailures recipientcache quickcontacts " +
      "conversationhistory adminauditlogs todosearch mycontacts directory imcontactlist " +
      "peopleconnect favorites archiveinbox",
    ],
  ] as const).flatMap(([version, names]) =>
    names.split(" ").map((name) => [name, version] as const)
  ),
);

/** `FolderId` or `DistinguishedFolderId`. */
export function readFolderId(reader: ContentReader): FolderReference {
  const id = reader.requiredAttribute("Id");
  reader.attribute("ChangeKey");
  if (reader.name === "FolderId") {
    reader.end();
    return { id };
  }
  const since = ROLES.get(id);
  if (since === undefined || !reader.versions.allows(since)) {
    reader.refuseAttribute("Id", "DistinguishedFolderIdNameType");
  }
  const mailbox = reader.optional("t:Mailbox");
  reader.end();
  return { role: id, mailbox: mailbox && readEmailAddress(mailbox) };
}

/** EmailAddressType: only the address counts. */
function readEmailAddress(reader: ContentReader): string | undefined {
  reader.optional("t:Name")?.text();
  const address = reader.optional("t:EmailAddress");
  const text = address?.text();
  if (text === "") address?.refuseValue("NonEmptyStringType");
  reader.optional("t:RoutingType")?.text();
  reader.optional("t:MailboxType")?.text();
  reader.end();
  return text;
}

/** Finds the folder, if the caller may see it. */
export function openFolder(call: Call, reference: FolderReference): FolderOfMailbox {
  if (reference.id !== undefined) {
    const mailbox = openMailboxOfId(call, reference.id);
    const folder = mailbox.folder(reference.id);
    // ErrorFolderNotFound is for folders named by role: an id that leads nowhere is an object
    // that is not found, be it a folder's or an item's.
    if (!folder) throw ERRORS.itemNotFound();
    return { mailbox, folder };
  }
  const { role } = reference;
  const mailbox = reference.mailbox === undefined
    ? ownMailbox(call)
    : openMailbox(call, reference.mailbox);
  const folder = mailbox.folderOfRole(role);
  if (!folder) throw ERRORS.folderNotFound();
  return { mailbox, folder };
}
