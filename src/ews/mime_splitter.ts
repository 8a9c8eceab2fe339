import { SyncError } from "../core/errors.ts";
import { Base64Decoder } from "./base64_decoder.ts";
import { Skeleton, wholeAnswer } from "./skeleton.ts";

/**
 * Takes the decoded bytes of the `index`-th element with content (0-based, in document order; empty
 * elements count). The response is read on only when the returned promise has resolved; the array is
 * the receiver's until then, and is written over afterwards.
 */
export type MimeReceiver = (index: number, bytes: Uint8Array) => Promise<void> | void;

const OPEN = 0x3c; // <
const CLOSE = 0x3e; // >
const SLASH = 0x2f;
const COLON = 0x3a;
const DOUBLE_QUOTE = 0x22;
const SINGLE_QUOTE = 0x27;
const EXCLAMATION = 0x21;
const QUESTION = 0x3f;
const LESS_THAN = Uint8Array.of(OPEN);

/** Longest start or end tag accepted, bytes; the longest of Exchange hold an id or two. */
const TAG_BYTES_MAX = 64 * 1024;

/** Markup that is copied unread up to its terminator. Nothing in it is a tag. */
const OPAQUE_MARKUP = [
  { start: ascii("<!--"), end: ascii("-->") },
  { start: ascii("<![CDATA["), end: ascii("]]>") },
  { start: ascii("<?"), end: ascii("?>") },
] as const;

type State =
  /** Outside of markup. */
  | { readonly in: "text" }
  /** After a `<`. */
  | { readonly in: "open" }
  /** In a tag; `start` is where its `<` is in the skeleton. */
  | { readonly in: "tag"; readonly start: number; quote: number }
  /** In what begins like opaque markup; `bytes` is all of it, from the `<` on. */
  | { readonly in: "special"; readonly bytes: number[] }
  | { readonly in: "opaque"; readonly end: Uint8Array; matched: number[] }
  | { readonly in: "mime"; readonly name: Uint8Array }
  /** After the `<` that ends base64; only the end tag may follow. `start` as above. */
  | { readonly in: "mimeEnd"; readonly name: Uint8Array; readonly start: number };

/**
 * Splits a SOAP answer, as it arrives, into the content of its base64 elements and a skeleton: the
 * document as it would be if all of these were empty. The XML parser sees only the skeleton.
 * `elements` are the local names of those elements (any prefix, any attributes); without any the
 * skeleton is the document, unread.
 *
 * It follows the XML grammar just far enough to know comments, CDATA sections, processing
 * instructions and quoted attribute values, so that a `<MimeContent` in one of them is none. A DTD
 * is refused. Whether the skeleton is a complete document is for the parser to say.
 *
 * Resolves to the skeleton. Rejects with a `retryable` `SyncError` of code `ResponseCorrupt` for what
 * cannot be an answer, of code `ResponseTooLarge` for a skeleton above `LIMITS.skeletonBytesMax`, and
 * with whatever the body or the receiver rejects with.
 */
export async function splitMime(
  body: AsyncIterable<Uint8Array>,
  receive: MimeReceiver,
  elements: readonly string[] = [],
): Promise<Uint8Array> {
  if (elements.length === 0) return await wholeAnswer(body);
  const splitter = new MimeSplitter(receive, elements);
  for await (const chunk of body) await splitter.push(chunk);
  return splitter.finish();
}

class MimeSplitter {
  readonly #receive: MimeReceiver;
  readonly #elements: readonly Uint8Array[];
  readonly #skeleton = new Skeleton();
  readonly #decoder = new Base64Decoder();
  #state: State = { in: "text" };
  /** Index of the next element with content. */
  #index = 0;

  constructor(receive: MimeReceiver, elements: readonly string[]) {
    this.#receive = receive;
    this.#elements = elements.map(ascii);
  }

  async push(chunk: Uint8Array): Promise<void> {
    // A Buffer's own `indexOf` and `subarray` are many times slower than those of its base class.
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    let at = 0;
    while (at < bytes.length) {
      switch (this.#state.in) {
        case "text":
          at = this.#readText(bytes, at);
          break;
        case "open":
          this.#open(bytes[at]!);
          break;
        case "tag":
          at = this.#readTag(bytes, at, this.#state);
          break;
        case "special":
          this.#readSpecial(bytes[at++]!, this.#state);
          break;
        case "opaque":
          at = this.#readOpaque(bytes, at, this.#state);
          break;
        case "mime":
          at = await this.#readMime(bytes, at, this.#state);
          break;
        case "mimeEnd":
          at = this.#readMimeEnd(bytes, at, this.#state);
          break;
      }
    }
  }

  finish(): Uint8Array {
    if (this.#state.in !== "text") throw corrupt("The answer ends in the middle");
    return this.#skeleton.bytes();
  }

  #readText(chunk: Uint8Array, at: number): number {
    const open = chunk.indexOf(OPEN, at);
    this.#skeleton.append(chunk, at, open < 0 ? chunk.length : open);
    if (open < 0) return chunk.length;
    this.#state = { in: "open" };
    return open + 1;
  }

  /** `first` comes after a `<`, and is read with what follows. */
  #open(first: number): void {
    const isSpecial = first === EXCLAMATION || first === QUESTION;
    this.#state = isSpecial
      ? { in: "special", bytes: [OPEN] }
      : { in: "tag", start: this.#skeleton.length, quote: 0 };
    if (!isSpecial) this.#skeleton.append(LESS_THAN);
  }

  #readTag(chunk: Uint8Array, at: number, state: State & { in: "tag" }): number {
    let { quote } = state;
    let end = at;
    for (; end < chunk.length; end++) {
      const byte = chunk[end]!;
      if (quote !== 0) {
        if (byte === quote) quote = 0;
      } else if (byte === CLOSE) {
        break;
      } else if (byte === DOUBLE_QUOTE || byte === SINGLE_QUOTE) {
        quote = byte;
      }
    }
    state.quote = quote;
    const isClosed = end < chunk.length;
    this.#appendToTag(chunk, at, isClosed ? end + 1 : end, state);
    if (isClosed) this.#endTag(this.#skeleton.bytes(state.start));
    return isClosed ? end + 1 : end;
  }

  #appendToTag(
    chunk: Uint8Array,
    from: number,
    to: number,
    { start }: { readonly start: number },
  ): void {
    if (this.#skeleton.length - start + to - from > TAG_BYTES_MAX) {
      throw corrupt("A tag of the answer does not end");
    }
    this.#skeleton.append(chunk, from, to);
  }

  /** Switches to opaque markup once its opening sequence is complete. */
  #readSpecial(byte: number, { bytes }: State & { in: "special" }): void {
    bytes.push(byte);
    const markup = OPAQUE_MARKUP.find(({ start }) => bytes.every((byte, i) => byte === start[i]));
    if (!markup) throw corrupt("The answer has a document type definition");
    if (bytes.length < markup.start.length) return;
    this.#skeleton.append(markup.start);
    this.#state = { in: "opaque", end: markup.end, matched: [] };
  }

  #endTag(tag: Uint8Array): void {
    this.#state = { in: "text" };
    if (tag[1] === SLASH) return;
    const name = this.#elements.find((element) => isNamed(tag, 1, element));
    if (!name) return;
    if (tag.at(-2) === SLASH) this.#index++;
    else this.#state = { in: "mime", name };
  }

  #readOpaque(chunk: Uint8Array, at: number, state: State & { in: "opaque" }): number {
    const { end, matched } = state;
    for (let i = at; i < chunk.length; i++) {
      matched.push(chunk[i]!);
      if (matched.length > end.length) matched.shift();
      if (matched.length === end.length && end.every((byte, k) => byte === matched[k])) {
        this.#skeleton.append(chunk, at, i + 1);
        this.#state = { in: "text" };
        return i + 1;
      }
    }
    this.#skeleton.append(chunk, at);
    return chunk.length;
  }

  async #readMime(
    chunk: Uint8Array,
    at: number,
    { name }: State & { in: "mime" },
  ): Promise<number> {
    const open = chunk.indexOf(OPEN, at);
    const end = open < 0 ? chunk.length : open;
    const bytes = this.#decoder.decode(chunk.subarray(at, end));
    if (open >= 0) {
      this.#decoder.finish();
      this.#state = { in: "mimeEnd", name, start: this.#skeleton.length };
      this.#skeleton.append(LESS_THAN);
    }
    if (bytes.length > 0) await this.#receive(this.#index, bytes);
    return open < 0 ? end : open + 1;
  }

  #readMimeEnd(chunk: Uint8Array, at: number, state: State & { in: "mimeEnd" }): number {
    const isFirst = this.#skeleton.length === state.start + 1;
    if (isFirst && chunk[at] !== SLASH) throw corrupt("MIME content has markup in it");
    const close = chunk.indexOf(CLOSE, at);
    this.#appendToTag(chunk, at, close < 0 ? chunk.length : close + 1, state);
    if (close < 0) return chunk.length;
    if (!isNamed(this.#skeleton.bytes(state.start), 2, state.name)) {
      throw corrupt("MIME content ends with another element's tag");
    }
    this.#index++;
    this.#state = { in: "text" };
    return close + 1;
  }
}

/** Whether the name that begins at `from` in a tag is `local`, with or without a prefix. */
function isNamed(tag: Uint8Array, from: number, local: Uint8Array): boolean {
  let end = from;
  let start = from;
  for (; end < tag.length && isNameByte(tag[end]!); end++) if (tag[end] === COLON) start = end + 1;
  return end - start === local.length && local.every((byte, i) => byte === tag[start + i]);
}

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function isNameByte(byte: number): boolean {
  return byte > 0x20 && byte !== CLOSE && byte !== SLASH;
}

function corrupt(message: string): SyncError {
  return new SyncError("retryable", "ResponseCorrupt", message);
}
