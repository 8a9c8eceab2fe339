import { decodedText, type Header, headerOfText, parametersOf } from "./mime_header.ts";
import { bytesOf, type MimeSource } from "./mime_source.ts";

/** An attachment as Exchange lists it. */
export interface Attachment {
  readonly name: string;
  readonly contentType: string;
  readonly contentId?: string;
  /** Size of the decoded content in bytes. */
  readonly sizeBytes: number;
  readonly inline: boolean;
  /** An email attached as such (`message/rfc822`): Exchange makes it an item of its own. */
  readonly isItem: boolean;
}

const PARTS_MAX = 250;
/** Beyond this an email is not taken apart: its attachments are told when it is delivered. */
const PARSED_BYTES_MAX = 2 * 1024 * 1024;
const DEPTH_MAX = 10;
const known = new WeakMap<MimeSource, readonly Attachment[]>();

/** The attachments of an email, found on first need: every part that is not the body to read. */
export function attachmentsOf(mime: MimeSource): readonly Attachment[] {
  let attachments = known.get(mime);
  if (!attachments) {
    attachments = mime.sizeBytes > PARSED_BYTES_MAX
      ? []
      : partsOf(new TextDecoder("latin1").decode(bytesOf(mime)), { depth: 0, parent: "" });
    known.set(mime, attachments);
  }
  return attachments;
}

interface Place {
  readonly depth: number;
  /** Content type of the multipart around this part. */
  readonly parent: string;
  readonly isFirst?: boolean;
}

function partsOf(part: string, place: Place): readonly Attachment[] {
  const header = headerOfText(part);
  const { value: type, parameters } = parametersOf(header.get("content-type") ?? "text/plain");
  const boundary = parameters.get("boundary");
  if (type.startsWith("multipart/") && boundary && place.depth < DEPTH_MAX) {
    return splitAt(part, boundary).flatMap((inner, index) =>
      partsOf(inner, { depth: place.depth + 1, parent: type, isFirst: index === 0 })
    ).slice(0, PARTS_MAX);
  }
  if (place.depth === 0 || isBody(header, type, place)) return [];
  return [attachment(part, header, type, place)];
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

function isBody(header: Header, type: string, place: Place): boolean {
  const disposition = header.get("content-disposition") ?? "";
  if (!type.startsWith("text/") || /^\s*attachment|filename/i.test(disposition)) return false;
  return place.parent === "multipart/alternative" || place.isFirst === true;
}

function attachment(part: string, header: Header, type: string, place: Place): Attachment {
  const disposition = parametersOf(header.get("content-disposition") ?? "");
  const { parameters } = parametersOf(header.get("content-type") ?? "");
  const contentId = header.get("content-id")?.replace(/^<|>$/g, "");
  const name = disposition.parameters.get("filename") ?? parameters.get("name");
  const bodyAt = /\r?\n\r?\n/.exec(part);
  const body = bodyAt ? part.slice(bodyAt.index + bodyAt[0].length) : "";
  return {
    name: name ? decodedText(name) : type === "message/rfc822" ? "Attached message" : "ATT00001",
    contentType: type,
    ...(contentId ? { contentId } : {}),
    sizeBytes: decodedBytes(body, header.get("content-transfer-encoding")?.toLowerCase()),
    inline: disposition.value === "inline" && contentId !== undefined ||
      place.parent === "multipart/related" && contentId !== undefined,
    isItem: type === "message/rfc822",
  };
}

function decodedBytes(body: string, encoding: string | undefined): number {
  if (encoding !== "base64") return body.length;
  const digits = body.replace(/[^A-Za-z0-9+/]/g, "").length;
  return Math.floor((digits * 3) / 4);
}
