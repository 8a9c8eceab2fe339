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
/** What is sent in one piece; a multiple of 4, as base64 is. */
const PIECE_BYTES = 64 * 1024;
/** Bytes of MIME content behind such a piece; a multiple of 3, so that base64 joins seamlessly. */
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
    for (const text of base64Of(part, observe(part))) {
      waiting += text;
      if (waiting.length < PIECE_BYTES) continue;
      yield ENCODER.encode(waiting);
      waiting = "";
    }
  }
  if (waiting) yield ENCODER.encode(waiting);
}

function* base64Of({ mime }: MimePart, observer: MimeObserver): Generator<string> {
  let carried: Uint8Array = new Uint8Array(0);
  for (const chunk of mime.chunks()) {
    observer.chunk(chunk);
    let at = 0;
    if (carried.length > 0) {
      at = Math.min(3 - carried.length, chunk.length);
      carried = Uint8Array.of(...carried, ...chunk.subarray(0, at));
      if (carried.length < 3) continue;
      yield carried.toBase64();
    }
    const whole = at + Math.floor((chunk.length - at) / 3) * 3;
    for (; at < whole; at += MIME_BYTES) {
      yield chunk.subarray(at, Math.min(at + MIME_BYTES, whole)).toBase64();
    }
    carried = chunk.slice(whole);
  }
  if (carried.length > 0) yield carried.toBase64();
  observer.done();
}
