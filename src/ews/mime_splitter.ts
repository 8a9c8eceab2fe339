import { Buffer } from "node:buffer";
import { SyncError } from "../core/errors.ts";
import { Base64Decoder } from "./base64_decoder.ts";
import { Skeleton } from "./skeleton.ts";

/**
 * Takes the decoded bytes of the `index`-th element with content (0-based, in document order; empty
 * elements count). The response is read on only when the returned promise has resolved.
 */
export type MimeReceiver = (index: number, bytes: Uint8Array) => Promise<void> | void;

const OPEN = 0x3c; // <
const CLOSE = 0x3e; // >
const SLASH = 0x2f;
const COLON = 0x3a;
const QUOTES: readonly number[] = [0x22, 0x27];

/** Where answers hold base64 unless the operation says otherwise. */
const MIME_CONTENT: readonly string[] = ["MimeContent"];

/** Longest start or end tag accepted, bytes; the longest of Exchange hold an id or two. */
const TAG_BYTES_MAX = 64 * 1024;

/** Markup that is copied unread up to its terminator. Nothing in it is a tag. */
const OPAQUE_MARKUP = [
  { start: Buffer.from("<!--"), end: Buffer.from("-->") },
  { start: Buffer.from("<![CDATA["), end: Buffer.from("]]>") },
  { start: Buffer.from("<?"), end: Buffer.from("?>") },
] as const;

type State =
  /** Outside of markup. */
  | { readonly in: "text" }
  /** After a `<`; `bytes` is the markup so far, from the `<` on. */
  | { readonly in: "markup"; readonly bytes: number[]; quote: number }
  | { readonly in: "opaque"; readonly end: Buffer; matched: number[] }
  | { readonly in: "mime"; readonly name: Buffer; readonly decoder: Base64Decoder }
  /** After the `<` that ends base64; only the end tag may follow. */
  | { readonly in: "mimeEnd"; readonly name: Buffer; readonly bytes: number[] };

/**
 * Splits a SOAP answer, as it arrives, into the content of its base64 elements and a skeleton: the
 * document as it would be if all of these were empty. The XML parser sees only the skeleton.
 * `elements` are the local names of those elements (any prefix, any attributes).
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
  elements: readonly string[] = MIME_CONTENT,
): Promise<Uint8Array> {
  const splitter = new MimeSplitter(receive, elements);
  for await (const chunk of body) await splitter.push(chunk);
  return splitter.finish();
}

class MimeSplitter {
  readonly #receive: MimeReceiver;
  readonly #elements: readonly Buffer[];
  readonly #skeleton = new Skeleton();
  #state: State = { in: "text" };
  /** Index of the next element with content. */
  #index = 0;

  constructor(receive: MimeReceiver, elements: readonly string[]) {
    this.#receive = receive;
    this.#elements = elements.map((name) => Buffer.from(name));
  }

  async push(chunk: Uint8Array): Promise<void> {
    let at = 0;
    while (at < chunk.length) {
      switch (this.#state.in) {
        case "text":
          at = this.#readText(chunk, at);
          break;
        case "markup":
          at = this.#readMarkup(chunk, at, this.#state);
          break;
        case "opaque":
          at = this.#readOpaque(chunk, at, this.#state);
          break;
        case "mime":
          at = await this.#readMime(chunk, at, this.#state);
          break;
        case "mimeEnd":
          at = this.#readMimeEnd(chunk, at, this.#state);
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
    const end = open < 0 ? chunk.length : open;
    this.#skeleton.append(chunk.subarray(at, end));
    if (open < 0) return end;
    this.#state = { in: "markup", bytes: [OPEN], quote: 0 };
    return open + 1;
  }

  #readMarkup(chunk: Uint8Array, at: number, state: State & { in: "markup" }): number {
    for (let i = at; i < chunk.length; i++) {
      const byte = chunk[i]!;
      state.bytes.push(byte);
      if (state.bytes.length > TAG_BYTES_MAX) throw corrupt("A tag of the answer does not end");
      if (state.bytes.length <= 9 && this.#isOpaque(state.bytes)) return i + 1;
      if (state.quote !== 0) {
        if (byte === state.quote) state.quote = 0;
      } else if (QUOTES.includes(byte)) {
        state.quote = byte;
      } else if (byte === CLOSE) {
        this.#endTag(Buffer.from(state.bytes));
        return i + 1;
      }
    }
    return chunk.length;
  }

  /** Switches to opaque markup once its opening sequence is complete. */
  #isOpaque(bytes: readonly number[]): boolean {
    const markup = OPAQUE_MARKUP.find(({ start }) =>
      start.length === bytes.length && start.every((byte, i) => byte === bytes[i])
    );
    if (!markup) return false;
    this.#skeleton.append(markup.start);
    this.#state = { in: "opaque", end: markup.end, matched: [] };
    return true;
  }

  #endTag(tag: Buffer): void {
    if (tag[1] === 0x21) throw corrupt("The answer has a document type definition");
    this.#skeleton.append(tag);
    this.#state = { in: "text" };
    const local = localNameOf(tag, 1);
    const name = this.#elements.find((element) => element.equals(local));
    if (tag[1] === SLASH || !name) return;
    if (tag.at(-2) === SLASH) this.#index++;
    else this.#state = { in: "mime", name, decoder: new Base64Decoder() };
  }

  #readOpaque(chunk: Uint8Array, at: number, state: State & { in: "opaque" }): number {
    const { end, matched } = state;
    for (let i = at; i < chunk.length; i++) {
      matched.push(chunk[i]!);
      if (matched.length > end.length) matched.shift();
      if (matched.length === end.length && end.every((byte, k) => byte === matched[k])) {
        this.#skeleton.append(chunk.subarray(at, i + 1));
        this.#state = { in: "text" };
        return i + 1;
      }
    }
    this.#skeleton.append(chunk.subarray(at));
    return chunk.length;
  }

  async #readMime(
    chunk: Uint8Array,
    at: number,
    { name, decoder }: State & { in: "mime" },
  ): Promise<number> {
    const open = chunk.indexOf(OPEN, at);
    const end = open < 0 ? chunk.length : open;
    const bytes = decoder.decode(chunk.subarray(at, end));
    if (open >= 0) {
      decoder.finish();
      this.#state = { in: "mimeEnd", name, bytes: [OPEN] };
    }
    if (bytes.length > 0) await this.#receive(this.#index, bytes);
    return open < 0 ? end : open + 1;
  }

  #readMimeEnd(
    chunk: Uint8Array,
    at: number,
    { name, bytes }: State & { in: "mimeEnd" },
  ): number {
    for (let i = at; i < chunk.length; i++) {
      bytes.push(chunk[i]!);
      if (bytes.length === 2 && bytes[1] !== SLASH) throw corrupt("MIME content has markup in it");
      if (bytes.length > TAG_BYTES_MAX) throw corrupt("A tag of the answer does not end");
      if (chunk[i] !== CLOSE) continue;
      const tag = Buffer.from(bytes);
      if (!name.equals(localNameOf(tag, 2))) {
        throw corrupt("MIME content ends with another element's tag");
      }
      this.#skeleton.append(tag);
      this.#index++;
      this.#state = { in: "text" };
      return i + 1;
    }
    return chunk.length;
  }
}

/** The local part of the name that begins at `from` in a tag. */
function localNameOf(tag: Buffer, from: number): Buffer {
  let end = from;
  let local = from;
  while (end < tag.length && isNameByte(tag[end]!)) {
    if (tag[end] === COLON) local = end + 1;
    end++;
  }
  return tag.subarray(local, end);
}

function isNameByte(byte: number): boolean {
  return byte > 0x20 && byte !== CLOSE && byte !== SLASH;
}

function corrupt(message: string): SyncError {
  return new SyncError("retryable", "ResponseCorrupt", message);
}
