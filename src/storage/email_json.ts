import type { AttachmentInfo, EmailMetadata, EmailRecord } from "../core/email.ts";
import type { ContentFacts } from "./measured_content.ts";

/** What a stored `.json` says of the MIME content beside it. */
export interface StoredContent extends ContentFacts {
  /** Whether the content was rebuilt from properties and attachments (spec section 3). */
  readonly rebuilt?: boolean;
}

/**
 * The `.json` beside an `.eml` (spec section 5): UTF-8, two spaces, a final newline. Equal input
 * gives equal text. What is absent in the record is absent here; times are ISO 8601 in UTC.
 */
export function encodeEmailJson(record: EmailRecord, content: StoredContent): string {
  const wire = {
    id: record.id,
    mailbox: record.mailbox.address,
    timestamp: record.timestamp,
    metadata: encodeMetadata(record.metadata),
    attachments: record.attachments.map(encodeAttachment),
    mime_sha256: content.sha256,
    mime_size: content.sizeBytes,
    rebuilt: content.rebuilt,
  };
  return `${JSON.stringify(wire, undefined, 2)}\n`;
}

/** What a stored `.json` says of its content; `undefined` if it is not a whole one of ours. */
export function decodeStoredContent(text: string): StoredContent | undefined {
  const wire = parsed(text);
  if (typeof wire !== "object" || wire === null) return undefined;
  const { mime_sha256: sha256, mime_size: sizeBytes, rebuilt } = wire as Record<string, unknown>;
  if (typeof sha256 !== "string" || !SHA256_HEX.test(sha256)) return undefined;
  if (typeof sizeBytes !== "number" || !Number.isSafeInteger(sizeBytes)) return undefined;
  return { sha256, sizeBytes, ...(typeof rebuilt === "boolean" ? { rebuilt } : {}) };
}

const SHA256_HEX = /^[0-9a-f]{64}$/;

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The platform's `EmailMetadata` in its own spelling. */
function encodeMetadata(metadata: EmailMetadata) {
  return {
    folder: metadata.folder,
    received_at: metadata.receivedAt,
    size: metadata.sizeBytes,
    has_attachments: metadata.hasAttachments,
    is_read: metadata.isRead,
    importance: metadata.importance,
    sensitivity: metadata.sensitivity,
    categories: metadata.categories,
    conversation_id: metadata.conversationId,
    conversation_topic: metadata.conversationTopic,
  };
}

function encodeAttachment(attachment: AttachmentInfo) {
  return {
    name: attachment.name,
    size: attachment.sizeBytes,
    content_type: attachment.contentType,
    inline: attachment.inline,
  };
}
