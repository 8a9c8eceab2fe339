import type { MimeSource } from "./mime_source.ts";

export interface HugeEmail {
  readonly messageId: string;
  readonly subject: string;
  /** Exact size of the MIME content in bytes; at least the header's. */
  readonly sizeBytes: number;
}

const CHUNK_LINES = 1024;
const LINE_DIGITS = 76;
const LINE_BYTES = LINE_DIGITS + 2;
const ENCODER = new TextEncoder();
const DECODER = new TextDecoder();
const TAIL = ENCODER.encode("\r\n--huge--\r\n");

/**
 * An email with one attachment that fills it up to an exact size, written as it is read: for
 * sizes up to Exchange's 150 MB that must never lie in anybody's memory whole.
 */
export function hugeEmail(email: HugeEmail): MimeSource {
  const head = ENCODER.encode(headOf(email));
  const fill = email.sizeBytes - head.byteLength - TAIL.byteLength;
  if (fill < 0) throw new RangeError(`A huge email of ${email.sizeBytes} bytes has no room`);
  return {
    sizeBytes: email.sizeBytes,
    *chunks() {
      yield head;
      yield* fillOf(fill);
      yield TAIL;
    },
  };
}

/** The decoded content of that attachment, made as it is read; for emails that have one. */
export function hugeAttachment(email: HugeEmail): MimeSource {
  const head = ENCODER.encode(headOf(email)).byteLength;
  const fill = email.sizeBytes - head - TAIL.byteLength;
  return {
    sizeBytes: decodedBytes(fill),
    *chunks() {
      // Chunks are whole lines, so each decodes by itself.
      for (const chunk of fillOf(fill)) {
        const digits = DECODER.decode(chunk).replace(/[^A-Za-z0-9+/]/g, "");
        yield Uint8Array.fromBase64(digits.slice(0, Math.floor(digits.length / 4) * 4));
      }
    },
  };
}

function decodedBytes(fill: number): number {
  const rest = Math.min(fill % LINE_BYTES, LINE_DIGITS);
  const digits = Math.floor(fill / LINE_BYTES) * LINE_DIGITS + rest;
  return Math.floor(digits / 4) * 3;
}

function headOf({ messageId, subject }: HugeEmail): string {
  return [
    "From: Archive <archive@example.com>",
    "To: Everybody <all@example.com>",
    "Date: Tue, 05 Mar 2024 06:07:08 +0000",
    `Subject: ${subject}`,
    `Message-ID: ${messageId}`,
    "MIME-Version: 1.0",
    'Content-Type: multipart/mixed; boundary="huge"',
    "",
    "--huge",
    "Content-Type: text/plain; charset=us-ascii",
    "",
    "The recording is attached.",
    "--huge",
    'Content-Type: application/octet-stream; name="recording.bin"',
    'Content-Disposition: attachment; filename="recording.bin"',
    "Content-Transfer-Encoding: base64",
    "",
    "",
  ].join("\r\n");
}

/** Base64 lines; each names its place, so that a chunk lost or repeated changes the digest. */
function* fillOf(sizeBytes: number): Iterable<Uint8Array> {
  let left = sizeBytes;
  for (let line = 0; left > 0; line += CHUNK_LINES) {
    const text = Array.from({ length: CHUNK_LINES }, (_, index) => {
      return String(line + index).padStart(LINE_DIGITS, "A") + "\r\n";
    }).join("");
    const chunk = ENCODER.encode(text).subarray(0, left);
    yield chunk;
    left -= chunk.byteLength;
  }
}
