import { joined } from "./joined.ts";
import { PLATFORM_LIMITS } from "./platform_limits.ts";
import { type MimePartHeader, mimePartHeaderOf } from "./mime_part_header.ts";

/** What a MIME message consists of, in the order of its bytes; all events together are all bytes. */
export type MimeEvent =
  /** The header of a part with its empty line. Content follows only if the part is a leaf. */
  | {
    readonly kind: "header";
    readonly bytes: Uint8Array;
    readonly part: MimePartHeader;
    readonly isLeaf: boolean;
    /** Whether it is the header of the message itself. */
    readonly isOutermost: boolean;
  }
  /** A piece of the content of the leaf whose header came last. */
  | { readonly kind: "content"; readonly bytes: Uint8Array }
  /** The content of the leaf is over. */
  | { readonly kind: "end" }
  /** Delimiter lines with the line end before them, and what stands outside of parts. */
  | { readonly kind: "between"; readonly bytes: Uint8Array };

export interface MimeReaderOptions {
  /** Whether a message inside the message is taken apart, too; else it is a leaf. */
  readonly opensMessages: boolean;
}

const LF = 0x0a;
const CR = 0x0d;
const DASH = 0x2d;
const NOTHING = new Uint8Array();
/** Encodings in which parts within parts can stand (RFC 2045 section 6.4). */
const IDENTITY = new Set(["7bit", "8bit", "binary"]);

/** Whether content of this encoding is what it stands for, byte for byte. */
export function isIdentityEncoding(encoding: string): boolean {
  return IDENTITY.has(encoding);
}

/**
 * Takes a MIME message apart as it arrives (RFC 2046 section 5), holding no more than one header or
 * one possible delimiter line. Tolerant as mail programs are: whatever it does not understand is the
 * content of a leaf, or stands between parts.
 */
export class MimeReader {
  readonly #opensMessages: boolean;
  readonly #boundaries: Boundary[] = [];
  #mode: "header" | "content" | "between" = "header";
  #defaultType = "text/plain";
  #isOutermost = true;
  #messages = 0;
  #header: Uint8Array[] = [];
  #headerBytes = 0;
  /** The line so far, while it may still be a delimiter or belongs to a header. */
  #line = NOTHING;
  /** The rest of this line is no delimiter. */
  #inLongLine = false;
  /** A line end that may belong to the delimiter line after it. */
  #lineEnd = NOTHING;

  constructor({ opensMessages }: MimeReaderOptions) {
    this.#opensMessages = opensMessages;
  }

  /** The events of the next bytes. Their arrays are valid until the next call. */
  *read(chunk: Uint8Array): Generator<MimeEvent, void> {
    for (let from = 0; from < chunk.length;) {
      const isAtLine = this.#line.length === 0 && !this.#inLongLine;
      const plain = isAtLine && this.#mode !== "header" ? plainLinesOf(chunk, from) : from;
      if (plain > from) yield* this.#pass(chunk.subarray(from, plain));
      if (plain === chunk.length) return;
      const lf = chunk.indexOf(LF, plain);
      from = lf < 0 ? chunk.length : lf + 1;
      yield* this.#readPiece(chunk.subarray(plain, from), lf >= 0);
    }
  }

  /** The events of what was held back; the message is over. */
  *finish(): Generator<MimeEvent, void> {
    if (this.#line.length > 0) yield* this.#readLine(this.#takeLine());
    if (this.#mode === "header") yield* this.#endHeader(NOTHING);
    yield* this.#flushLineEnd();
    if (this.#mode === "content") yield { kind: "end" };
  }

  *#readPiece(piece: Uint8Array, isWhole: boolean): Generator<MimeEvent, void> {
    if (this.#inLongLine) {
      this.#inLongLine = !isWhole;
      return yield* this.#pass(piece);
    }
    const isFirst = this.#line.length === 0;
    if (isFirst && isWhole) return yield* this.#readLine(piece);
    this.#line = joined([this.#line, piece]);
    if (isWhole) return yield* this.#readLine(this.#takeLine());
    const limit = this.#mode === "header"
      ? PLATFORM_LIMITS.partHeaderBytesMax
      : PLATFORM_LIMITS.boundaryLineBytesMax;
    if (this.#line.length <= limit) return;
    if (this.#mode === "header") yield* this.#giveUpHeader();
    this.#inLongLine = true;
    yield* this.#pass(this.#takeLine());
  }

  *#readLine(line: Uint8Array): Generator<MimeEvent, void> {
    const delimiter = this.#delimiterOf(line);
    if (delimiter) return yield* this.#cross(delimiter, line);
    if (this.#mode !== "header") return yield* this.#pass(line);
    if (isEmptyLine(line)) return yield* this.#endHeader(line);
    this.#header.push(line.slice());
    this.#headerBytes += line.length;
    if (this.#headerBytes > PLATFORM_LIMITS.partHeaderBytesMax) yield* this.#giveUpHeader();
  }

  #takeLine(): Uint8Array {
    const line = this.#line;
    this.#line = NOTHING;
    return line;
  }

  /** Passes on what is no delimiter, but for its line end, which may belong to one. */
  *#pass(bytes: Uint8Array): Generator<MimeEvent, void> {
    yield* this.#flushLineEnd();
    if (this.#mode === "between") return yield { kind: "between", bytes };
    const end = lineEndOf(bytes);
    this.#lineEnd = bytes.slice(bytes.length - end);
    if (bytes.length > end) {
      yield { kind: "content", bytes: bytes.subarray(0, bytes.length - end) };
    }
  }

  *#flushLineEnd(): Generator<MimeEvent, void> {
    const bytes = this.#lineEnd;
    this.#lineEnd = NOTHING;
    if (bytes.length > 0) yield { kind: "content", bytes };
  }

  *#endHeader(emptyLine: Uint8Array): Generator<MimeEvent, void> {
    const bytes = joined([...this.#header, emptyLine]);
    this.#header = [];
    this.#headerBytes = 0;
    const part = mimePartHeaderOf(bytes, this.#defaultType);
    const isOutermost = this.#isOutermost;
    this.#isOutermost = false;
    this.#mode = this.#enter(part);
    yield { kind: "header", bytes, part, isOutermost, isLeaf: this.#mode === "content" };
  }

  /** What stands behind the header of a part. */
  #enter({ mediaType, boundary, encoding }: MimePartHeader): "header" | "content" | "between" {
    const depth = this.#boundaries.length + this.#messages;
    if (depth >= PLATFORM_LIMITS.partDepthMax) return "content";
    if (boundary !== undefined) {
      const isDigest = mediaType === "multipart/digest";
      this.#boundaries.push({
        delimiter: `--${boundary}`,
        defaultType: isDigest ? "message/rfc822" : "text/plain",
        messages: this.#messages,
      });
      return "between";
    }
    const isMessage = mediaType === "message/rfc822" || mediaType === "message/global";
    if (!this.#opensMessages || !isMessage || !isIdentityEncoding(encoding)) return "content";
    this.#messages++;
    this.#defaultType = "text/plain";
    return "header";
  }

  *#giveUpHeader(): Generator<MimeEvent, void> {
    const bytes = joined(this.#header);
    this.#header = [];
    this.#headerBytes = 0;
    this.#isOutermost = false;
    this.#mode = "between";
    yield { kind: "between", bytes };
  }

  #delimiterOf(line: Uint8Array): Delimiter | undefined {
    if (line[0] !== DASH || line[1] !== DASH) return undefined;
    if (line.length > PLATFORM_LIMITS.boundaryLineBytesMax) return undefined;
    const text = LATIN1.decode(line).trimEnd();
    for (let level = this.#boundaries.length - 1; level >= 0; level--) {
      const { delimiter } = this.#boundaries[level]!;
      if (text === delimiter) return { level, closes: false };
      if (text === `${delimiter}--`) return { level, closes: true };
    }
    return undefined;
  }

  *#cross({ level, closes }: Delimiter, line: Uint8Array): Generator<MimeEvent, void> {
    if (this.#mode === "header") yield* this.#giveUpHeader();
    if (this.#mode === "content") yield { kind: "end" };
    const bytes = joined([this.#lineEnd, line]);
    this.#lineEnd = NOTHING;
    const { defaultType, messages } = this.#boundaries[level]!;
    this.#boundaries.length = closes ? level : level + 1;
    this.#messages = messages;
    this.#defaultType = defaultType;
    this.#mode = closes ? "between" : "header";
    yield { kind: "between", bytes };
  }
}

interface Boundary {
  readonly delimiter: string;
  /** Media type of parts that say none. */
  readonly defaultType: string;
  /** Messages within messages that are open around it. */
  readonly messages: number;
}

interface Delimiter {
  readonly level: number;
  readonly closes: boolean;
}

const LATIN1 = new TextDecoder("latin1");

/** The end of the whole lines from `from` on, where a line begins, that can be no delimiters. */
function plainLinesOf(chunk: Uint8Array, from: number): number {
  let end = from;
  while (end < chunk.length && chunk[end] !== DASH) {
    const lf = chunk.indexOf(LF, end);
    if (lf < 0) break;
    end = lf + 1;
  }
  return end;
}

function isEmptyLine(line: Uint8Array): boolean {
  return line.length === lineEndOf(line);
}

/** Length of the line end that the bytes end with. */
function lineEndOf(bytes: Uint8Array): number {
  if (bytes.at(-1) !== LF) return 0;
  return bytes.at(-2) === CR ? 2 : 1;
}
