import type { AttachmentInfo, EmailMetadata, EmailRecord } from "../core/email.ts";

/**
 * Text as the platform can hold it: NUL and halves of surrogate pairs, which senders and folder
 * owners can write and JSON can carry but databases of text refuse, become U+FFFD.
 */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}

/** An email as `PUT …/emails` takes it, without `mime_content` (facts: `EmailNew`). */
export function emailWireOf(record: EmailRecord) {
  return {
    id: storableText(record.id),
    mailbox: storableText(record.mailbox.address),
    timestamp: rfc3339Of(record.timestamp ?? NO_TIME),
    metadata: metadataWireOf(record.metadata),
    attachments: record.attachments.map(attachmentWireOf),
  };
}

/** Time of emails that have none: the platform wants one. */
const NO_TIME = new Date(0);

function metadataWireOf(metadata: EmailMetadata) {
  const { receivedAt, importance, sensitivity, categories, conversationId } = metadata;
  return {
    folder: metadata.folder.map(storableText),
    received_at: receivedAt && rfc3339Of(receivedAt),
    size: metadata.sizeBytes,
    has_attachments: metadata.hasAttachments,
    is_read: metadata.isRead,
    importance: importance && storableText(importance),
    sensitivity: sensitivity && storableText(sensitivity),
    categories: categories?.map(storableText),
    conversation_id: conversationId && storableText(conversationId),
    conversation_topic: metadata.conversationTopic && storableText(metadata.conversationTopic),
  };
}

function attachmentWireOf({ name, sizeBytes, contentType, inline }: AttachmentInfo) {
  return {
    name: storableText(name),
    size: sizeBytes,
    content_type: storableText(contentType),
    inline,
  };
}

const EARLIEST = "0001-01-01T00:00:00.000Z";
const LATEST = "9999-12-31T23:59:59.999Z";

/** RFC 3339 in UTC. Its years have four digits; a sender's may have more. */
export function rfc3339Of(time: Date): string {
  const year = time.getUTCFullYear();
  if (year < 1) return EARLIEST;
  return year > 9999 ? LATEST : time.toISOString();
}
