import { isIdentityEncoding, type MimeEvent, MimeReader } from "./mime_reader.ts";
import { type MimePartHeader, textOfUnknownCharset } from "./mime_part_header.ts";
import {
  Base64Encoder,
  QuotedPrintableEncoder,
  type TransferEncoder,
} from "./transfer_encoders.ts";

type Header = MimeEvent & { readonly kind: "header" };

/**
 * A MIME message that is not UTF-8 as one that is, with the same meaning (spec section 5), as it
 * passes and in constant memory: content that no transfer encoding protects gets one,
 * quoted-printable for text and base64 for all else, so that charsets and bytes stay what they are.
 * Whether a leaf has such bytes is known at its end only, and its header goes out first: so leaves
 * without a transfer encoding get one even if they happen to be ASCII. Header fields and what may
 * have no encoding of its own are taken for windows-1252 where they are not UTF-8.
 */
export class AsciiMime {
  readonly #reader = new MimeReader({ opensMessages: true });
  #encoder: TransferEncoder | undefined;

  *push(chunk: Uint8Array): Generator<Uint8Array, void> {
    for (const event of this.#reader.read(chunk)) yield this.#translated(event);
  }

  *finish(): Generator<Uint8Array, void> {
    for (const event of this.#reader.finish()) yield this.#translated(event);
  }

  #translated(event: MimeEvent): Uint8Array {
    switch (event.kind) {
      case "header":
        this.#encoder = event.isLeaf ? encoderFor(event.part) : undefined;
        return encoder.encode(this.#encoder ? withEncoding(event, this.#encoder) : textOf(event));
      case "content":
        return this.#encoder?.encode(event.bytes) ?? inUtf8(event.bytes);
      case "end":
        return this.#encoder?.finish() ?? NOTHING;
      case "between":
        return inUtf8(event.bytes);
    }
  }
}

const encoder = new TextEncoder();
const NOTHING = new Uint8Array();

/** Nothing where there is an encoding already, or must be none (RFC 2046 section 5.2). */
function encoderFor({ mediaType, encoding }: MimePartHeader): TransferEncoder | undefined {
  if (!isIdentityEncoding(encoding) || /^(?:message|multipart)\//.test(mediaType)) return undefined;
  return mediaType.startsWith("text/") ? new QuotedPrintableEncoder() : new Base64Encoder();
}

/** The header with another `Content-Transfer-Encoding`. */
function withEncoding(header: Header, { name }: TransferEncoder): string {
  const lines = textOf(header).split(/(?<=\n)/);
  const lineEnd = lines[0]?.endsWith("\r\n") ?? true ? "\r\n" : "\n";
  const isOfEncoding = (line: string) => /^content-transfer-encoding\s*:/i.test(line);
  const kept: string[] = [];
  let isLeftOut = false;
  for (const line of lines) {
    if (!/^[ \t]/.test(line)) isLeftOut = isOfEncoding(line);
    if (!isLeftOut && line.trim() !== "") kept.push(line.endsWith("\n") ? line : line + lineEnd);
  }
  if (header.isOutermost && !kept.some((line) => /^mime-version\s*:/i.test(line))) {
    kept.push(`MIME-Version: 1.0${lineEnd}`);
  }
  return `${kept.join("")}Content-Transfer-Encoding: ${name}${lineEnd}${lineEnd}`;
}

/** Line by line: one field in another charset does not spoil the others. */
function textOf({ bytes }: { readonly bytes: Uint8Array }): string {
  const lines: string[] = [];
  for (let from = 0; from < bytes.length;) {
    const lf = bytes.indexOf(0x0a, from);
    const end = lf < 0 ? bytes.length : lf + 1;
    lines.push(textOfUnknownCharset(bytes.subarray(from, end)));
    from = end;
  }
  return lines.join("");
}

function inUtf8(bytes: Uint8Array): Uint8Array {
  return bytes.every((byte) => byte < 0x80) ? bytes : encoder.encode(textOf({ bytes }));
}
