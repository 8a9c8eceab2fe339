import { type Header, headerOfText, parametersOf } from "./mime_header.ts";
import { bytesOf, type MimeSource, startOf } from "./mime_source.ts";

/** A part of an email that holds content and no further parts. */
export interface MimeLeaf {
  readonly header: Header;
  /** Content type in lower case, without parameters. */
  readonly type: string;
  /** How many multiparts it lies in. */
  readonly depth: number;
  /** Content type of the multipart around it; empty if there is none. */
  readonly parent: string;
  /** Whether it is the first part of its multipart. */
  readonly isFirst: boolean;
  /** What follows its header, still encoded; each character stands for a byte. */
  readonly body: string;
}

const LEAVES_MAX = 250;
const DEPTH_MAX = 10;
const LATIN1 = new TextDecoder("latin1");

/** The leaves of an email in document order, found in at most its first `limitBytes` bytes. */
export function leavesOf(mime: MimeSource, limitBytes: number): readonly MimeLeaf[] {
  const bytes = mime.sizeBytes <= limitBytes ? bytesOf(mime) : startOf(mime, limitBytes);
  return leavesIn(LATIN1.decode(bytes), { depth: 0, parent: "", isFirst: true });
}

/** The bytes of a leaf, its transfer encoding undone (RFC 2045, section 6). */
export function contentOf({ header, body }: MimeLeaf): Uint8Array<ArrayBuffer> {
  const encoding = header.get("content-transfer-encoding")?.trim().toLowerCase();
  if (encoding === "base64") return base64Content(body);
  if (encoding !== "quoted-printable") return latin1Bytes(body);
  const text = body.replace(/[ \t]+(?=\r?\n)/g, "").replace(/=\r?\n/g, "");
  return latin1Bytes(
    text.replace(/=([0-9A-Fa-f]{2})/g, (_, hex) => String.fromCharCode(parseInt(hex, 16))),
  );
}

type Place = Pick<MimeLeaf, "depth" | "parent" | "isFirst">;

function leavesIn(part: string, place: Place): readonly MimeLeaf[] {
  const header = headerOfText(part);
  const { value: type, parameters } = parametersOf(header.get("content-type") ?? "text/plain");
  const boundary = parameters.get("boundary");
  if (type.startsWith("multipart/") && boundary && place.depth < DEPTH_MAX) {
    return splitAt(part, boundary).flatMap((inner, index) =>
      leavesIn(inner, { depth: place.depth + 1, parent: type, isFirst: index === 0 })
    ).slice(0, LEAVES_MAX);
  }
  return [{ ...place, header, type, body: bodyOf(part) }];
}

function bodyOf(part: string): string {
  // A part without header fields begins with the blank line itself.
  const blank = /^\r?\n/.exec(part) ?? /\r?\n\r?\n/.exec(part);
  return blank ? part.slice(blank.index + blank[0].length) : "";
}

/** The parts between the boundary lines (RFC 2046, section 5.1.1). */
function splitAt(text: string, boundary: string): readonly string[] {
  const parts: string[] = [];
  const line = `--${boundary}`;
  let start = -1;
  for (let at = text.indexOf(line); at >= 0; at = text.indexOf(line, at + line.length)) {
    if (at > 0 && text[at - 1] !== "\n") continue;
    if (start >= 0) parts.push(text.slice(start, at).replace(/\r?\n$/, ""));
    if (text.startsWith("--", at + line.length)) return parts;
    const lineEnd = text.indexOf("\n", at);
    if (lineEnd < 0) return parts;
    start = lineEnd + 1;
  }
  if (start >= 0) parts.push(text.slice(start)); // cut short: the last boundary never came
  return parts;
}

/** Whatever whole groups of four digits there are: real mail is cut short and padded wrongly. */
function base64Content(body: string): Uint8Array<ArrayBuffer> {
  const digits = body.replace(/[^A-Za-z0-9+/]/g, "");
  const usable = digits.length % 4 === 1 ? digits.slice(0, -1) : digits;
  return Uint8Array.fromBase64(usable, { lastChunkHandling: "loose" });
}

function latin1Bytes(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
