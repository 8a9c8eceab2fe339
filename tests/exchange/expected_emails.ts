import { isDamaged } from "./damage.ts";
import type { DistinguishedFolder } from "./folder_names.ts";
import type { MailboxStore } from "./mailbox_store.ts";
import type { Item } from "./items.ts";
import type { SimulatedFolder, SimulatedMailbox } from "./simulated_mailbox.ts";

/** One email a complete sync must have delivered. */
export interface ExpectedEmail {
  readonly mailbox: string;
  /** Display names from the top-level folder down. */
  readonly folder: readonly string[];
  readonly item: Item;
}

const NOT_SYNCED: ReadonlySet<DistinguishedFolder | undefined> = new Set<DistinguishedFolder>([
  "drafts",
  "outbox",
  "syncissues",
  "conflicts",
  "localfailures",
  "serverfailures",
]);

/**
 * What a store holds that has to be synced (spec section 3), read from the model itself and
 * without any of the code under test.
 */
export function expectedEmails(store: MailboxStore): readonly ExpectedEmail[] {
  return store.mailboxes().flatMap((mailbox) =>
    mailbox.descendantsOf(mailbox.distinguishedFolder("msgfolderroot").id)
      .filter((folder) => isMailFolder(mailbox, folder))
      .flatMap((folder) => emailsIn(mailbox, folder))
  );
}

function emailsIn(mailbox: SimulatedMailbox, folder: SimulatedFolder): readonly ExpectedEmail[] {
  const path = mailbox.pathOf(folder.id);
  return mailbox.itemsOf(folder.id)
    .filter((item) => isMailClass(item.itemClass) && !item.isDraft && canBeRead(item))
    .map((item) => ({ mailbox: mailbox.address, folder: path, item }));
}

/** An email with damaged content can still be made out of its properties. */
function canBeRead({ damage, isPhantom }: Item): boolean {
  return !isPhantom && !(damage && isDamaged(damage, []));
}

function isMailFolder(mailbox: SimulatedMailbox, folder: SimulatedFolder): boolean {
  const parent = folder.parentId ? mailbox.folder(folder.parentId) : undefined;
  return folder.type === "folder" && !folder.hidden && !NOT_SYNCED.has(folder.role) &&
    parent?.role !== "syncissues" &&
    /^(IPF\.Note(\..*)?)?$/i.test(folder.folderClass ?? "");
}

function isMailClass(itemClass: string): boolean {
  return /^(IPM\.(Note|Post|Schedule\.Meeting)|REPORT)(\.|$)/i.test(itemClass);
}
