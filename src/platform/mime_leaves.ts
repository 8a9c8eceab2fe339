import { type MimeEvent, MimeReader } from "./mime_reader.ts";
import type { MimePartHeader } from "./mime_part_header.ts";
import { transferDecoderFor } from "./transfer_decoders.ts";

/** A leaf of a MIME message. */
export interface MimeLeaf {
  readonly part: MimePartHeader;
  /** Without its transfer encoding; to be read before the next leaf is asked for, or not at all. */
  readonly content: AsyncIterable<Uint8Array>;
}

/**
 * The leaves of a MIME message in its order, as it arrives and in constant memory. A message inside
 * the message is one leaf: that is how Exchange counts attachments.
 */
export async function* mimeLeavesOf(
  mime: AsyncIterable<Uint8Array>,
): AsyncGenerator<MimeLeaf, void> {
  const events = eventsOf(mime);
  try {
    for (let event = await next(events); event; event = await next(events)) {
      if (event.kind !== "header" || !event.isLeaf) continue;
      const content = contentOf(events, event.part);
      yield { part: event.part, content };
      // What the consumer did not read stands before the next leaf.
      for await (const _unread of content) { /* passed over */ }
    }
  } finally {
    await events.return();
  }
}

async function* eventsOf(mime: AsyncIterable<Uint8Array>): AsyncGenerator<MimeEvent, void> {
  const reader = new MimeReader({ opensMessages: false });
  for await (const chunk of mime) yield* reader.read(chunk);
  yield* reader.finish();
}

async function* contentOf(
  events: AsyncGenerator<MimeEvent, void>,
  { encoding }: MimePartHeader,
): AsyncGenerator<Uint8Array, void> {
  const decoder = transferDecoderFor(encoding);
  for (let event = await next(events); event && event.kind !== "end"; event = await next(events)) {
    if (event.kind === "content") yield decoder.decode(event.bytes);
  }
  yield decoder.finish();
}

async function next(events: AsyncGenerator<MimeEvent, void>): Promise<MimeEvent | undefined> {
  const { value } = await events.next();
  return value ?? undefined;
}
