/** Text as it may stand in the header of a MIME message: ASCII, folded, nothing smuggled in. */

const LINE_CHARACTERS = 78;
/** RFC 5322 section 2.1.1 allows 998; a word longer than this is cut. */
const WORD_CHARACTERS_MAX = 900;
/** 60 characters of base64: an encoded word of at most 75 characters (RFC 2047 section 2). */
const ENCODED_WORD_BYTES = 45;
const PARAMETER_SECTION_CHARACTERS = 60;

const encoder = new TextEncoder();

/**
 * A header field with its line end, folded at spaces (RFC 5322 section 2.2.3). What is not ASCII in
 * `value` becomes encoded words; control characters and line ends become spaces.
 */
export function headerField(name: string, value: string): string {
  let line = `${name}:`;
  let field = "";
  for (const word of wordsOf(value)) {
    if (line.length + 1 + word.length > LINE_CHARACTERS && line.trim() !== "") {
      field += `${line}\r\n`;
      line = "";
    }
    line += ` ${word}`;
  }
  return `${field}${line}\r\n`;
}

/** The value of an unstructured field such as Subject, to be read back as it is. */
export function unstructuredText(text: string): string {
  const isKeptAsItIs = isPlain(text) && !text.includes("=?") && !/^ | {2}| $/.test(text);
  return isKeptAsItIs ? text : encodedWords(text);
}

/** Who wrote or got an email; one without an address is named in an empty group. */
export interface Participant {
  readonly name?: string;
  /** An SMTP address; absent where Exchange knows none. */
  readonly address?: string;
}

/** The value of a field of addresses (RFC 5322 section 3.4). */
export function addressList(participants: readonly Participant[]): string {
  return participants.map(addressOf).join(", ");
}

/** RFC 5322 section 3.3, in UTC. */
export function dateText(date: Date): string {
  return date.toUTCString().replace("GMT", "+0000");
}

/**
 * A parameter of a Content-Type or Content-Disposition field, with the semicolon before it: quoted
 * where it is short and ASCII, else in sections of percent-encoded UTF-8 (RFC 2231).
 */
export function parameter(name: string, value: string): string {
  const isKeptAsItIs = isPlain(value) && !value.includes("=?");
  if (isKeptAsItIs && value.length <= PARAMETER_SECTION_CHARACTERS) {
    return `;\r\n ${name}=${quotedString(value)}`;
  }
  const encoded = [...encoder.encode(value)].map(percentEncoded);
  const sections: string[] = [];
  for (const piece of encoded) {
    const last = sections.length - 1;
    const fits = last >= 0 && sections[last]!.length + piece.length <= PARAMETER_SECTION_CHARACTERS;
    if (fits) sections[last] += piece;
    else sections.push(piece);
  }
  return sections.map((section, index) =>
    `;\r\n ${name}*${index}*=${index === 0 ? "UTF-8''" : ""}${section}`
  ).join("");
}

/** Words between single spaces, none of them too long for a line; runs of others are encoded. */
function wordsOf(value: string): readonly string[] {
  // deno-lint-ignore no-control-regex -- control characters are exactly what is looked for
  const words = value.replace(/[\u0000-\u0020\u007f]+/g, " ").trim().split(" ");
  const ready: string[] = [];
  let foreign: string[] = [];
  const flush = () => {
    if (foreign.length > 0) ready.push(...encodedWords(foreign.join(" ")).split(" "));
    foreign = [];
  };
  for (const word of words) {
    if (!isPlain(word)) {
      foreign.push(word);
      continue;
    }
    flush();
    ready.push(...cut(word));
  }
  flush();
  return ready;
}

function cut(word: string): readonly string[] {
  if (word.length <= WORD_CHARACTERS_MAX) return [word];
  return word.match(new RegExp(`.{1,${WORD_CHARACTERS_MAX}}`, "g")) ?? [];
}

/** RFC 2047 section 2, base64; the spaces between encoded words do not count when they are read. */
function encodedWords(text: string): string {
  const words: string[] = [];
  let bytes: number[] = [];
  const flush = () => {
    if (bytes.length > 0) words.push(`=?UTF-8?B?${Uint8Array.from(bytes).toBase64()}?=`);
    bytes = [];
  };
  for (const character of text) {
    const encoded = encoder.encode(character);
    if (bytes.length + encoded.length > ENCODED_WORD_BYTES) flush();
    bytes.push(...encoded);
  }
  flush();
  return words.join(" ");
}

function addressOf({ name = "", address = "" }: Participant): string {
  const phrase = phraseOf(name);
  if (isAddress(address)) return phrase === "" ? `<${address}>` : `${phrase} <${address}>`;
  return `${phrase || phraseOf(address) || '""'}:;`;
}

function phraseOf(name: string): string {
  if (name === "") return "";
  return isPlain(name) && !name.includes("=?") ? quotedString(name) : encodedWords(name);
}

function quotedString(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

function isAddress(address: string): boolean {
  return address.length <= 320 && /^[^\s<>()[\]\\,;:"@]+@[^\s<>()\\,;"@]+$/.test(address) &&
    isPlain(address);
}

function isPlain(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}

function percentEncoded(byte: number): string {
  const character = String.fromCharCode(byte);
  if (/[A-Za-z0-9._-]/.test(character)) return character;
  return `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
}
