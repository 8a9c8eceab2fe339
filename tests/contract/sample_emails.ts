import { createHash } from "node:crypto";
import { type EmailRecord, type RawEmail, storageKeyOf } from "../../src/core/email.ts";
import type { Mailbox } from "../../src/core/mailbox.ts";
import { heldMimeContent, type MimeContent } from "../../src/core/mime_content.ts";
import type { RefreshOptions } from "../../src/core/ports.ts";

/** A mailbox of the contract suites. */
export function sampleMailbox(address = "ada@example.com"): Mailbox {
  return { address, bucket: { owner: "acme", name: "support" }, startFrom: "bucket" };
}

/** An email with plain properties; `changes` replaces any of them. */
export function sampleEmail(id: string, changes: Partial<RawEmail> = {}): RawEmail {
  return {
    id,
    key: storageKeyOf(id, undefined),
    mailbox: sampleMailbox(),
    timestamp: new Date("2024-02-29T23:59:59Z"),
    metadata: { folder: ["Inbox"], isRead: false },
    attachments: [],
    mime: textContent(`Message-ID: ${id}\r\n\r\nHello`),
    ...changes,
  };
}

/** The same email in another folder, and read: what a move leaves behind. */
export function movedTo(folder: readonly string[], { mime: _, ...record }: RawEmail): EmailRecord {
  return { ...record, metadata: { ...record.metadata, folder, isRead: true } };
}

/** How moved emails are refreshed that no longer change: all is brought up to date. */
export const REFRESH: RefreshOptions = {
  signal: new AbortController().signal,
  volatileSince: new Date(8.64e15),
  rewrite: "always",
};

export function textContent(text: string): MimeContent {
  return heldMimeContent([new TextEncoder().encode(text)]);
}

/** Content that the source breaks off with `error` after so many chunks. */
export function brokenContent(chunks: readonly Uint8Array[], error: unknown): MimeContent {
  return {
    open: () =>
      ReadableStream.from((async function* () {
        yield* chunks;
        await Promise.resolve();
        throw error;
      })()),
  };
}

/** Content that sends one chunk and then nothing until it is cancelled. */
export function stuckContent() {
  const { promise: reading, resolve: onReading } = Promise.withResolvers<void>();
  const { promise: cancelled, resolve: onCancelled } = Promise.withResolvers<void>();
  let chunks = 0;
  const open = () =>
    new ReadableStream<Uint8Array>({
      pull(controller) {
        if (chunks++ === 0) return controller.enqueue(new Uint8Array(1000));
        onReading();
        return new Promise<void>(() => {});
      },
      cancel: onCancelled,
    }, { highWaterMark: 0 });
  return { content: { open } satisfies MimeContent, reading, cancelled };
}

/** SHA-256 of content, in lower-case hex. */
export async function sha256Of(content: MimeContent): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of content.open(new AbortController().signal)) hash.update(chunk);
  return hash.digest("hex");
}
