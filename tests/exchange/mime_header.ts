/** A MIME header as an index of names in lower case to the first field of that name, unfolded. */
export type Header = ReadonlyMap<string, string>;

/** Bytes beyond this are no header: the largest in the corpus has 12 KiB. */
export const HEADER_BYTES_MAX = 64 * 1024;

const LF = 0x0a;
const CR = 0x0d;
const LATIN1 = new TextDecoder("latin1");

/** The header of an email that begins at the start of `bytes` (RFC 5322, section 2.2). */
export function headerOf(bytes: Uint8Array): Header {
  return headerOfText(LATIN1.decode(bytes.subarray(0, headerLengthOf(bytes))));
}

/** Where the blank line that ends the header begins, or the end of what can be header. */
export function headerLengthOf(bytes: Uint8Array): number {
  const end = Math.min(bytes.length, HEADER_BYTES_MAX);
  for (let at = bytes.indexOf(LF); at >= 0 && at < end; at = bytes.indexOf(LF, at + 1)) {
    const next = bytes[at + 1] === CR ? at + 2 : at + 1;
    if (bytes[next] === LF) return at + 1;
  }
  return end;
}

/** The same for text in which each character stands for a byte. */
export function headerOfText(text: string): Header {
  const fields = new Map<string, string>();
  for (const { name, value } of fieldsOfText(text)) {
    const lower = name.toLowerCase();
    if (!fields.has(lower)) fields.set(lower, value);
  }
  return fields;
}

/** One header field as it stands there, unfolded. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
}

/** All fields of a header in order, repeated ones included. */
export function fieldsOf(bytes: Uint8Array): readonly HeaderField[] {
  return fieldsOfText(LATIN1.decode(bytes.subarray(0, headerLengthOf(bytes))));
}

function fieldsOfText(text: string): readonly HeaderField[] {
  if (/^\r?\n/.test(text)) return [];
  const end = /\r?\n\r?\n/.exec(text)?.index ?? text.length;
  return text.slice(0, end).replace(/\r?\n[ \t]/g, " ").split(/\r?\n/).flatMap((line) => {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon)).trimEnd();
    return name ? [{ name, value: line.slice(colon + 1).trim() }] : [];
  });
}

/** The date of a `Date` field; undefined where it cannot be understood. */
export function dateOf(header: Header): Date | undefined {
  // Comments such as "(PDT)" and obsolete weekday forms are what real dates stumble over.
  const text = header.get("date")?.replace(/\([^)]*\)/g, "").trim();
  const date = text ? new Date(text) : undefined;
  return date && !Number.isNaN(date.getTime()) ? date : undefined;
}

/** Text of a field with its encoded words decoded (RFC 2047); what cannot be decoded stays. */
export function decodedText(value: string): string {
  return value
    .replace(/(=\?[^?]+\?[bq]\?[^?]*\?=)\s+(?==\?)/gi, "$1")
    .replace(/=\?([^?*]+)(?:\*[^?]*)?\?([bq])\?([^?]*)\?=/gi, (word, charset, encoding, text) => {
      return decodedWord(charset, encoding.toLowerCase(), text) ?? word;
    });
}

function decodedWord(charset: string, encoding: string, text: string): string | undefined {
  try {
    const bytes = encoding === "b"
      ? Uint8Array.fromBase64(text)
      : quotedPrintable(text.replaceAll("_", " "));
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return undefined; // an unknown charset or broken base64: spam has both
  }
}

function quotedPrintable(text: string): Uint8Array {
  const raw = text.replace(
    /=([0-9A-Fa-f]{2})/g,
    (_, hex) => String.fromCharCode(parseInt(hex, 16)),
  );
  return Uint8Array.from(raw, (character) => character.charCodeAt(0));
}

/** A structured field: its value in lower case and its parameters (RFC 2045, section 5.1). */
export function parametersOf(field: string): { value: string; parameters: Header } {
  const parameters = new Map<string, string>();
  const parts = field.match(/(?:[^;"]|"(?:[^"\\]|\\.)*"?)+/g) ?? [];
  for (const part of parts.slice(1)) {
    const [, name, quoted, bare] =
      /^\s*([^=\s]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|(.*))/s.exec(part) ??
        [];
    if (name) {
      parameters.set(name.toLowerCase(), quoted?.replace(/\\(.)/g, "$1") ?? bare?.trim() ?? "");
    }
  }
  return { value: (parts[0] ?? "").trim().toLowerCase(), parameters };
}
