import { spreadCorpus } from "../../tests/exchange/corpus_delivery.ts";
import { mimeOf } from "../../tests/exchange/mime_source.ts";
import { seededEntropy } from "../../tests/exchange/seeded_entropy.ts";
import type { SimulatedMailbox } from "../../tests/exchange/simulated_mailbox.ts";
import { MailMix } from "./mail_mix.ts";

/** How much there is to sync. */
export interface MailAmount {
  readonly emails: number;
  /** Of each mailbox; what it has anyway is among them. */
  readonly folders: number;
}

/** When the first email was received; each of the others a second after the one before. */
export const RECEIVED_FROM_MS = Date.UTC(2026, 0, 1);

const HUGE_BYTES = 150 * 1024 * 1024;
/** A mailbox has an inbox, and these, in which no mail lies here: sent and deleted items, junk. */
const OTHER_FOLDERS = 3;
/** Folders in one folder: listing what is below one sorts it. */
const FOLDERS_IN_ONE = 100;

/** Ways to fill mailboxes. */
export const MAIL = {
  /** Emails of usual sizes, dealt to mailboxes and folders. */
  mix: (mailboxes: readonly SimulatedMailbox[], { emails, folders }: MailAmount) => {
    const mix = new MailMix(seededEntropy(1));
    const places = mailboxes.map((mailbox) => foldersOf(mailbox, folders));
    for (let at = 0; at < emails; at++) {
      const chosen = at % mailboxes.length;
      const round = Math.floor(at / mailboxes.length);
      const folder = places[chosen]![round % places[chosen]!.length]!;
      mailboxes[chosen]!.deliver(folder, mix.next(), { receivedAt: receivedAt(at) });
    }
  },
  /** Real emails; more than there are begin again from the first. */
  corpus: (mailboxes: readonly SimulatedMailbox[], { emails }: MailAmount) => {
    spreadCorpus(mailboxes, emails);
  },
  /** Emails of 150 MB. */
  huge: ([mailbox]: readonly SimulatedMailbox[], { emails }: MailAmount) => {
    const inbox = mailbox!.distinguishedFolder("inbox").id;
    const mix = new MailMix(seededEntropy(1));
    for (let at = 0; at < emails; at++) mailbox!.deliver(inbox, mix.ofSize(HUGE_BYTES));
  },
  /** So many in one folder that they have to share one content: only their ids tell them apart. */
  many: ([mailbox]: readonly SimulatedMailbox[], { emails }: MailAmount) => {
    const inbox = mailbox!.distinguishedFolder("inbox").id;
    const mime = mimeOf(
      "From: anna@corp.example\nTo: support@corp.example\nSubject: One\n\nHello.\n",
    );
    for (let at = 0; at < emails; at++) {
      const internetMessageId = `<many-${at}@corp.example>`;
      mailbox!.deliver(inbox, mime, { internetMessageId, receivedAt: receivedAt(at) });
    }
  },
  /** Nothing to sync, and folders to ask for it. */
  nothing: (mailboxes: readonly SimulatedMailbox[], { folders }: MailAmount) => {
    for (const mailbox of mailboxes) foldersOf(mailbox, folders);
  },
} as const;

/** What a measurement is of. */
export type Mail = keyof typeof MAIL;

function receivedAt(number: number): Date {
  return new Date(RECEIVED_FROM_MS + number * 1_000);
}

/** Inbox first. */
function foldersOf(mailbox: SimulatedMailbox, count: number): readonly string[] {
  const created = Array.from({ length: Math.max(0, count - 1 - OTHER_FOLDERS) }, (_, at) => {
    const below = Math.floor(at / FOLDERS_IN_ONE);
    const path = below === 0 ? [`F${at}`] : [`F${below}`, `F${at}`];
    return mailbox.createFolder(path).id;
  });
  return [mailbox.distinguishedFolder("inbox").id, ...created];
}
