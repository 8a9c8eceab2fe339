import type { MimeHeaderFields } from "./email.ts";
import { mimeChunks, type MimeContent } from "./mime_content.ts";

/** A header longer than this is read no further; what identifies an email stands near its top. */
const HEADER_BYTES_MAX = 256 * 1024;

/**
 * The first field of each name in the header of a MIME message (RFC 5322 section 2.2), unfolded and
 * trimmed, names in lower case. Tolerant: lines that are no fields are passed over.
 */
export function decodeMimeHeader(bytes: Uint8Array): MimeHeaderFields {
  const fields = new Map<string, string>();
  const unfolded = headerText(bytes).replaceAll(/\r?\n(?=[ \t])/g, "");
  for (const line of unfolded.split(/\r?\n/)) {
    const colon = line.indexOf(":");
    if (colon < 1) continue;
    const name = line.slice(0, colon).trim().toLowerCase();
    if (!fields.has(name)) fields.set(name, line.slice(colon + 1).trim());
  }
  return fields;
}

/** Opens the content, reads its header and lets go of the rest. Fails as the content does. */
export async function readMimeHeader(
  mime: MimeContent,
  signal: AbortSignal,
): Promise<MimeHeaderFields> {
  const head = new Uint8Array(HEADER_BYTES_MAX);
  let length = 0;
  for await (const chunk of mimeChunks(mime, signal)) {
    const part = chunk.subarray(0, HEADER_BYTES_MAX - length);
    head.set(part, length);
    length += part.byteLength;
    if (length === HEADER_BYTES_MAX || endOfHeader(head.subarray(0, length)) >= 0) break;
  }
  return decodeMimeHeader(head.subarray(0, length));
}

function headerText(bytes: Uint8Array): string {
  const end = endOfHeader(bytes);
  // Latin-1 keeps every byte apart; only ASCII fields are compared, the others are hashed.
  return new TextDecoder("latin1").decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Offset of the empty line that ends the header, or -1. */
function endOfHeader(bytes: Uint8Array): number {
  const LF = 0x0a;
  const CR = 0x0d;
  for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, at + 1)) {
    const next = bytes[at + 1] === CR ? at + 2 : at + 1;
    if (bytes[next] === LF) return at + 1;
  }
  return -1;
}
