import { decodeMimeHeader } from "../core/mime_header.ts";
import { joined } from "./joined.ts";
import { isUtf8 } from "./utf8_check.ts";

/** What the header of a MIME part says of its content (RFC 2045, RFC 2183). Words in lower case. */
export interface MimePartHeader {
  /** `type/subtype`. */
  readonly mediaType: string;
  /** Of a multipart: what its delimiter lines carry after two dashes. */
  readonly boundary?: string;
  /** `Content-Transfer-Encoding`; without one `7bit`. */
  readonly encoding: string;
  /** Decoded. */
  readonly fileName?: string;
}

/** Reads the header of a part; `defaultType` is that of a part that says none. */
export function mimePartHeaderOf(bytes: Uint8Array, defaultType: string): MimePartHeader {
  const fields = decodeMimeHeader(bytes);
  const contentType = fields.get("content-type") ?? "";
  const mediaType = /^\s*([^\s;/]+\/[^\s;]+)/.exec(contentType)?.[1]?.toLowerCase() ?? defaultType;
  const encoding = /^[^\s;]+/.exec(fields.get("content-transfer-encoding") ?? "")?.[0];
  const boundary = mediaType.startsWith("multipart/")
    ? parametersOf(contentType).get("boundary")?.trimEnd()
    : undefined;
  const disposition = parametersOf(fields.get("content-disposition") ?? "");
  const fileName = textOf(disposition, "filename") ?? textOf(parametersOf(contentType), "name");
  return {
    mediaType,
    encoding: encoding?.toLowerCase() ?? "7bit",
    ...(boundary ? { boundary } : {}),
    ...(fileName === undefined ? {} : { fileName }),
  };
}

/** Bytes of a header or of text without a known charset: UTF-8 if they are, else windows-1252. */
export function textOfUnknownCharset(bytes: Uint8Array): string {
  return decoded(bytes, isUtf8(bytes) ? "utf-8" : "windows-1252") ?? "";
}

const PARAMETER = /;\s*([^\s=;"]+)\s*=\s*(?:"((?:[^"\\]|\\[^])*)"?|([^;]*))/g;

/** Parameters of a structured field, names in lower case. The first of a name counts. */
function parametersOf(field: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>();
  for (const [, name = "", quoted, plain = ""] of field.matchAll(PARAMETER)) {
    const key = name.toLowerCase();
    const value = quoted === undefined ? plain.trim() : quoted.replaceAll(/\\([^])/g, "$1");
    if (!parameters.has(key)) parameters.set(key, value);
  }
  return parameters;
}

/** A parameter as text: extended or continued (RFC 2231), or with encoded words, as many write. */
function textOf(parameters: ReadonlyMap<string, string>, name: string): string | undefined {
  const extended = parameters.get(`${name}*`);
  if (extended !== undefined) return extendedText(extended);
  const first = parameters.get(`${name}*0*`) ?? parameters.get(`${name}*0`);
  if (first !== undefined) return continuedText(parameters, name);
  const plain = parameters.get(name);
  return plain === undefined ? undefined : wordsDecoded(plain);
}

/** `charset'language'percent-encoded` (RFC 2231 section 4). */
function extendedText(value: string): string {
  const [, charset = "", , text = value] = /^([^']*)'([^']*)'([^]*)$/.exec(value) ?? [];
  const bytes = percentDecoded(text);
  return decoded(bytes, charset) ?? textOfUnknownCharset(bytes);
}

function continuedText(parameters: ReadonlyMap<string, string>, name: string): string {
  let charset = "";
  const parts: Uint8Array[] = [];
  for (let number = 0;; number++) {
    const encoded = parameters.get(`${name}*${number}*`);
    const value = encoded ?? parameters.get(`${name}*${number}`);
    if (value === undefined) break;
    const [, named, text = value] = (number === 0 ? /^([^']*)'[^']*'([^]*)$/.exec(value) : null) ??
      [];
    charset = named ?? charset;
    parts.push(encoded === undefined ? bytesOf(value) : percentDecoded(text));
  }
  const bytes = joined(parts);
  return decoded(bytes, charset) ?? textOfUnknownCharset(bytes);
}

const ENCODED_WORD = /=\?([^?*\s]+)(?:\*[^?]*)?\?([BbQq])\?([^?\s]*)\?=(?:\s+(?==\?))?/g;

/** RFC 2047, also inside quotes, where it should not be. */
function wordsDecoded(value: string): string {
  if (!value.includes("=?")) return textOfUnknownCharset(bytesOf(value));
  return value.replaceAll(ENCODED_WORD, (word, charset: string, kind: string, text: string) => {
    const bytes = /b/i.test(kind) ? base64Decoded(text) : percentDecoded(
      text.replaceAll("_", " ").replaceAll("%", "=25").replaceAll("=", "%"),
    );
    return (bytes && decoded(bytes, charset)) ?? word;
  });
}

/** Padding may be wrong or missing. */
function base64Decoded(text: string): Uint8Array | undefined {
  // A pattern for what stands at the end would be tried from every equals sign before it.
  let end = text.length;
  while (text[end - 1] === "=") end--;
  try {
    return Uint8Array.fromBase64(text.slice(0, end));
  } catch {
    return undefined;
  }
}

function percentDecoded(text: string): Uint8Array {
  const plain = text.replaceAll(
    /%([0-9a-f]{2})/gi,
    (_, hex: string) => String.fromCharCode(parseInt(hex, 16)),
  );
  return bytesOf(plain);
}

/** Header fields are kept with one character for each byte. */
function bytesOf(latin1: string): Uint8Array {
  return Uint8Array.from(latin1, (character) => character.charCodeAt(0) & 0xff);
}

function decoded(bytes: Uint8Array, charset: string): string | undefined {
  if (charset === "") return undefined;
  try {
    return new TextDecoder(charset).decode(bytes);
  } catch {
    return undefined;
  }
}
