import type { Entropy } from "../../src/core/env.ts";
import { type CorpusEmail, corpusEmails } from "./corpus.ts";
import type { Item } from "./items.ts";
import { headerLengthOf } from "./mime_header.ts";
import { heldMime, type MimeSource } from "./mime_source.ts";
import type { SimulatedFolder, SimulatedMailbox } from "./simulated_mailbox.ts";

/** Folders below the message root beside the default ones; names as real people give them. */
const FOLDERS: readonly (readonly string[])[] = [
  ["Projects"],
  ["Projects", "2002"],
  ["Projects", "2002", "Q3"],
  ["Projects", "2002", "Q3", "Offers / Angebote"],
  ["Kunden Österreich"],
  ["Kunden Österreich", "Müller & Söhne <GmbH>"],
  ["プロジェクト"],
  ["プロジェクト", "🚀 打ち上げ"],
  ["..", "AUX"],
  ["  spaces and \ttabs  "],
  ["50% \"off\" 'today'"],
  ["e\u0301 is not \u00e9"],
  ["אבג שלום"],
  ["a".repeat(200)],
];
const DEFAULT_ROLES = ["inbox", "sentitems", "deleteditems", "junkemail"] as const;
/** The corpus was collected in these years; dates outside are a sender's invention. */
const FIRST_MS = Date.UTC(2002, 0, 1);
const LAST_MS = Date.UTC(2003, 0, 1);
/** Every so many emails, a burst arrives in one and the same millisecond. */
const BURST_EVERY = 97;
const BURST_EMAILS = 12;

/**
 * Distributes the corpus over mailboxes: `count` emails (all by default; more than it has begin
 * again from its first), dealt to the mailboxes in turn and to a tree of folders in each. Received
 * times ascend in every folder, fall between whole seconds, and repeat where bursts arrive.
 */
export function spreadCorpus(
  mailboxes: readonly SimulatedMailbox[],
  count: number = corpusEmails().length,
): readonly Item[] {
  const folders = mailboxes.map(folderTree);
  return arrivals(count).map(({ email, receivedAt, deal }, index) => {
    const chosen = deal % mailboxes.length;
    const tree = folders[chosen]!;
    // Half of all mail lies in the inbox, the rest anywhere.
    const round = Math.floor(deal / mailboxes.length);
    const folder = round % 2 === 0 ? tree[0]! : tree[Math.floor(round / 2) % tree.length]!;
    const stated = { receivedAt, isRead: index % 3 !== 0 };
    return mailboxes[chosen]!.deliver(folder.id, heldMime(email.bytes), stated);
  });
}

/** Inbox first. */
function folderTree(mailbox: SimulatedMailbox): readonly SimulatedFolder[] {
  return [
    ...DEFAULT_ROLES.map((role) => mailbox.distinguishedFolder(role)),
    ...FOLDERS.map((path) => mailbox.createFolder(path)),
  ];
}

interface Arrival {
  readonly email: CorpusEmail;
  readonly receivedAt: Date;
  /** Number that decides mailbox and folder: the same for a whole burst. */
  readonly deal: number;
}

function arrivals(count: number): readonly Arrival[] {
  const corpus = corpusEmails();
  const dated = Array.from({ length: count }, (_, index) => {
    const email = corpus[index % corpus.length]!;
    return { email, receivedMs: receivedMs(email, index, count) };
  }).sort((a, b) => a.receivedMs - b.receivedMs);
  return dated.map(({ email }, index) => {
    const place = index % BURST_EVERY;
    const deal = place < BURST_EMAILS ? index - place : index;
    return { email, receivedAt: new Date(dated[deal]!.receivedMs), deal };
  });
}

/** The sender's date where it is credible, else a place of its own in the same years. */
function receivedMs(email: CorpusEmail, index: number, count: number): number {
  const stated = email.date?.getTime() ?? 0;
  const round = Math.floor(index / corpusEmails().length);
  // Dates have whole seconds, arrivals do not.
  if (stated >= FIRST_MS && stated < LAST_MS) return stated + (index % 1000) + round;
  return Math.floor(FIRST_MS + ((LAST_MS - FIRST_MS) / count) * index);
}

/**
 * A new email out of one of the corpus: its own Message-ID and today's Date, everything else as it
 * was. Shares the body's bytes.
 */
export function freshEmail(email: CorpusEmail, now: Date, entropy: Entropy): MimeSource {
  const headEnd = headerLengthOf(email.bytes);
  const head = new TextDecoder("latin1").decode(email.bytes.subarray(0, headEnd));
  const kept = head.replace(/^(message-id|date):.*\r\n([ \t].*\r\n)*/gim, "");
  const number = Math.floor(entropy.next() * 2 ** 48).toString(36);
  const added = `Date: ${now.toUTCString().replace("GMT", "+0000")}\r\n` +
    `Message-ID: <${now.getTime().toString(36)}.${number}@simulated.example>\r\n`;
  const newHead = Uint8Array.from(added + kept, (character) => character.charCodeAt(0));
  return heldMime(newHead, email.bytes.subarray(headEnd));
}
