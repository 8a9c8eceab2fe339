import { extremeEmails } from "./extreme_emails.ts";
import type { Item } from "./items.ts";
import { mimeOf } from "./mime_source.ts";
import type { SimulatedFolder, SimulatedMailbox } from "./simulated_mailbox.ts";

/** Display names that are legal in Exchange and break paths, terminals or comparisons. */
export const EXTREME_FOLDER_NAMES: readonly string[] = [
  "n".repeat(200),
  "..",
  ".",
  "CON",
  "nul.txt",
  "📎👩‍👩‍👧‍👦🚀",
  "\u202egnp.eciovni", // reads backwards from here on
  "שלום\u200f مرحبا",
  "caf\u00e9", // composed
  "cafe\u0301", // the same, decomposed
  "bell\u0007 and \u0001 and tab\t",
  "line\r\nbreak",
  "a/b",
  "a\\b",
  'a:b*?"<>|',
  "  spaces around  ",
  "trailing dot.",
  "\u200b", // shows as nothing
  "\u00a0",
];

/**
 * Fills a mailbox with every extreme email, in one folder, and every hostile folder name, each with
 * one email in it and a subfolder of the same name. Gives back all that was delivered.
 */
export function fillWithExtremes(mailbox: SimulatedMailbox): readonly Item[] {
  const home = mailbox.createFolder(["Extremes"]);
  const emails = extremeEmails().map(({ mime, stated }) => mailbox.deliver(home.id, mime, stated));
  const inFolders = EXTREME_FOLDER_NAMES.flatMap((name, index) => [
    deliverTo(mailbox, mailbox.createFolder([name]), `${index}`),
    deliverTo(mailbox, mailbox.createFolder([name, name]), `${index}.below`),
  ]);
  return [...emails, ...inFolders];
}

function deliverTo(mailbox: SimulatedMailbox, folder: SimulatedFolder, number: string): Item {
  const mime = mimeOf(
    `From: edge@example.com\nSubject: In folder ${number}\n` +
      `Message-ID: <folder.${number}@extreme.example>\n\nFolder ${number}\n`,
  );
  return mailbox.deliver(folder.id, mime);
}
