import { decodedText, parametersOf } from "./mime_header.ts";
import { contentOf, leavesOf, type MimeLeaf } from "./mime_leaves.ts";
import { heldMime, type MimeSource } from "./mime_source.ts";

/** An attachment as Exchange lists it. */
export interface Attachment {
  readonly name: string;
  readonly contentType: string;
  readonly contentId?: string;
  /** Size of the decoded content in bytes. */
  readonly sizeBytes: number;
  readonly inline: boolean;
  /** An email attached as such (`message/rfc822`): Exchange makes it an item of its own. */
  readonly isItem: boolean;
  /** Stated where it cannot be found in the MIME content. */
  readonly content?: MimeSource;
}

/** Beyond this an email is not taken apart: its attachments are told when it is delivered. */
const PARSED_BYTES_MAX = 2 * 1024 * 1024;
const known = new WeakMap<MimeSource, readonly Attachment[]>();

/** The attachments of an email, found on first need: every part that is not the body to read. */
export function attachmentsOf(mime: MimeSource): readonly Attachment[] {
  let attachments = known.get(mime);
  if (!attachments) {
    attachments = attachedLeavesOf(mime).map(attachment);
    known.set(mime, attachments);
  }
  return attachments;
}

/**
 * The decoded content of an email's attachment, by its place in `attachmentsOf`; for an attached
 * email its MIME content. Undefined if there is no such attachment.
 */
export function attachedContentOf(mime: MimeSource, index: number): MimeSource | undefined {
  // Taken apart anew: kept, the contents would double what a mailbox weighs.
  const leaf = attachedLeavesOf(mime)[index];
  return leaf && heldMime(contentOf(leaf));
}

/** Whether a leaf is text to read rather than an attachment. */
export function isBodyLeaf({ header, type, depth, parent, isFirst }: MimeLeaf): boolean {
  if (depth === 0) return true;
  const disposition = header.get("content-disposition") ?? "";
  if (!type.startsWith("text/") || /^\s*attachment|filename/i.test(disposition)) return false;
  return parent === "multipart/alternative" || isFirst;
}

function attachedLeavesOf(mime: MimeSource): readonly MimeLeaf[] {
  if (mime.sizeBytes > PARSED_BYTES_MAX) return [];
  return leavesOf(mime, PARSED_BYTES_MAX).filter((leaf) => !isBodyLeaf(leaf));
}

function attachment({ header, type, parent, body }: MimeLeaf): Attachment {
  const disposition = parametersOf(header.get("content-disposition") ?? "");
  const { parameters } = parametersOf(header.get("content-type") ?? "");
  const contentId = header.get("content-id")?.replace(/^<|>$/g, "");
  const name = disposition.parameters.get("filename") ?? parameters.get("name");
  return {
    name: name ? decodedText(name) : type === "message/rfc822" ? "Attached message" : "ATT00001",
    contentType: type,
    ...(contentId ? { contentId } : {}),
    sizeBytes: decodedBytes(body, header.get("content-transfer-encoding")?.toLowerCase()),
    inline: disposition.value === "inline" && contentId !== undefined ||
      parent === "multipart/related" && contentId !== undefined,
    isItem: type === "message/rfc822",
  };
}

function decodedBytes(body: string, encoding: string | undefined): number {
  if (encoding !== "base64") return body.length;
  const digits = body.replace(/[^A-Za-z0-9+/]/g, "").length;
  return Math.floor((digits * 3) / 4);
}
