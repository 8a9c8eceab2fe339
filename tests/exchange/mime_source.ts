/**
 * The bytes of one email in the store: known in size and digest before they exist, the same on
 * every reading, so that an email of 150 MB costs no more memory than one of a kilobyte.
 */
export interface MimeSource {
  readonly sizeBytes: number;
  /** The bytes from the first on, in chunks of any length. */
  chunks(): Iterable<Uint8Array>;
  /** All of it as base64, in pieces, where that lies ready: a server that is measured has no time. */
  readonly base64?: readonly Uint8Array[];
}

/** Bytes that lie in memory anyway; the parts follow each other without being joined. */
export function heldMime(...parts: readonly Uint8Array[]): MimeSource {
  return {
    sizeBytes: parts.reduce((sum, part) => sum + part.byteLength, 0),
    chunks: () => parts,
  };
}

/** An email from text, its lines ended by CRLF as mail's are. */
export function mimeOf(text: string): MimeSource {
  return heldMime(new TextEncoder().encode(text.replace(/\r?\n/g, "\r\n")));
}

/** At most the first `limitBytes` bytes: enough for a header, whatever the email's size. */
export function startOf(mime: MimeSource, limitBytes: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let missing = limitBytes;
  for (const chunk of mime.chunks()) {
    if (missing <= 0) break;
    parts.push(chunk.subarray(0, missing));
    missing -= chunk.byteLength;
  }
  return joined(parts);
}

/** All bytes in one piece. Only for emails known to be small. */
export function bytesOf(mime: MimeSource): Uint8Array {
  return joined([...mime.chunks()]);
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}
