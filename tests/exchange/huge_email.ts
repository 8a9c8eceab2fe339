import type { MimeSource } from "./mime_source.ts";

export interface HugeEmail {
  readonly messageId: string;
  readonly subject: string;
  /** Exact size of the MIME content in bytes; at least the header's. */
  readonly sizeBytes: number;
}

const CHUNK_LINES = 1024;
const ENCODER = new TextEncoder();

/**
 * An email with one attachment that fills it up to an exact size, written as it is read: for
 * sizes up to Exchange's 150 MB that must never lie in anybody's memory whole.
 */
export function hugeEmail(email: HugeEmail): MimeSource {
  const head = ENCODER.encode(headOf(email));
  const tail = ENCODER.encode("\r\n--huge--\r\n");
  const fill = email.sizeBytes - head.byteLength - tail.byteLength;
  if (fill < 0) throw new RangeError(`A huge email of ${email.sizeBytes} bytes has no room`);
  return {
    sizeBytes: email.sizeBytes,
    *chunks() {
      yield head;
      yield* fillOf(fill);
      yield tail;
    },
  };
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
      return String(line + index).padStart(76, "A") + "\r\n";
    }).join("");
    const chunk = ENCODER.encode(text).subarray(0, left);
    yield chunk;
    left -= chunk.byteLength;
  }
}
