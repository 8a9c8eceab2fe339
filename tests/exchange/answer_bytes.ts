import { Base64Stream } from "./base64_stream.ts";
import type { Item } from "./items.ts";
import type { MimeSource } from "./mime_source.ts";

/** MIME content at its place in an answer; becomes base64 as the answer is sent. */
export interface MimePart {
  readonly mime: MimeSource;
  readonly mailbox: string;
  readonly item: Item;
  /** Present if it is not the item's MIME content but the content of one of its attachments. */
  readonly attachmentId?: string;
}

/** A piece of an answer, in order. */
export type AnswerPart = string | MimePart;

/** Told of each MIME content that has gone out whole, and the bytes it consisted of. */
export interface MimeObserver {
  /** Called for every chunk, in order. */
  chunk(bytes: Uint8Array): void;
  /** Called after the last one. */
  done(): void;
}

const ENCODER = new TextEncoder();
/** What is sent in one piece. */
const PIECE_BYTES = 64 * 1024;
/** Bytes of MIME content behind such a piece. */
const MIME_BYTES = (PIECE_BYTES / 4) * 3;

/**
 * An answer as the bytes to send, made while they are sent: no MIME content is ever whole in memory
 * as base64.
 */
export async function* answerBytes(
  parts: readonly AnswerPart[],
  observe: (part: MimePart) => MimeObserver,
): AsyncGenerator<Uint8Array> {
  let waiting = "";
  for (const part of parts) {
    if (typeof part === "string") {
      waiting += part;
      continue;
    }
    if (part.mime.base64) {
      yield ENCODER.encode(waiting);
      waiting = "";
      yield* observed(part.mime.base64, part, observe(part));
      continue;
    }
    for (const text of base64Of(part, observe(part))) {
      waiting += text;
      if (waiting.length < PIECE_BYTES) continue;
      yield ENCODER.encode(waiting);
      waiting = "";
    }
  }
  if (waiting) yield ENCODER.encode(waiting);
}

function* observed(
  base64: readonly Uint8Array[],
  { mime }: MimePart,
  observer: MimeObserver,
): Generator<Uint8Array> {
  for (const chunk of mime.chunks()) observer.chunk(chunk);
  yield* base64;
  observer.done();
}

function* base64Of({ mime }: MimePart, observer: MimeObserver): Generator<string> {
  const base64 = new Base64Stream();
  for (const chunk of mime.chunks()) {
    observer.chunk(chunk);
    for (let at = 0; at < chunk.length; at += MIME_BYTES) {
      yield base64.push(chunk.subarray(at, at + MIME_BYTES));
    }
  }
  yield base64.end();
  observer.done();
}
