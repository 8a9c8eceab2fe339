import type { Item } from "./items.ts";
import { attachedContentOf, type Attachment, attachmentsOf } from "./mime_attachments.ts";
import type { MimeSource } from "./mime_source.ts";

const INDEX_BYTES = 4;

/** An item's attachments in the order of their ids. */
export function listedAttachments(item: Item): readonly Attachment[] {
  return item.attachments ?? (item.mime ? attachmentsOf(item.mime) : []);
}

/** What an attachment consists of; undefined where an attachment was stated without content. */
export function attachmentContent(item: Item, index: number): MimeSource | undefined {
  const stated = item.attachments?.[index];
  if (stated?.content) return stated.content;
  return item.mime && attachedContentOf(item.mime, index);
}

/** Exchange's attachment ids begin with the item's: so do these. */
export function attachmentIdOf(itemId: string, index: number): string {
  const bytes = Uint8Array.fromBase64(itemId);
  const id = new Uint8Array(bytes.length + INDEX_BYTES);
  id.set(bytes);
  new DataView(id.buffer).setUint32(bytes.length, index + 1);
  return id.toBase64();
}

/** The item and place an attachment id names; undefined if it cannot be an attachment's id. */
export function attachmentPlaceOf(id: string): { itemId: string; index: number } | undefined {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = Uint8Array.fromBase64(id, { lastChunkHandling: "strict" });
  } catch {
    return undefined; // not base64 at all: the caller says so in Exchange's words
  }
  const at = bytes.length - INDEX_BYTES;
  if (at <= 0) return undefined;
  return {
    itemId: bytes.subarray(0, at).toBase64(),
    index: new DataView(bytes.buffer).getUint32(at) - 1,
  };
}
