import { z } from "zod";
import type { AttachmentInfo, EmailMetadata, EmailRecord } from "../core/email.ts";
import type { ContentFacts } from "./measured_content.ts";
import { present } from "./present.ts";

/** What a stored `.json` says of the MIME content beside it. */
export interface StoredContent extends ContentFacts {
  /** Whether the content was rebuilt from properties and attachments (spec section 3). */
  readonly rebuilt?: boolean;
}

/** What a stored `.json` says, as far as anything depends on it. */
export interface StoredRecord {
  readonly content: StoredContent;
  /** Size Exchange stated for the item, in bytes; absent if it did not, or if it cannot be read. */
  readonly sizeBytes?: number;
  /** Absent if they cannot be read. */
  readonly attachments?: readonly AttachmentInfo[];
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

/** What a stored `.json` says; `undefined` if it is not a whole one of ours. */
export function decodeStoredRecord(text: string): StoredRecord | undefined {
  const { success, data: wire } = StoredRecordJson.safeParse(parsed(text));
  if (!success) return undefined;
  return present({
    content: present({
      sha256: wire.mime_sha256,
      sizeBytes: wire.mime_size,
      rebuilt: wire.rebuilt,
    }),
    sizeBytes: wire.metadata?.size,
    attachments: wire.attachments,
  });
}

const AttachmentJson = z.object({
  name: z.string(),
  size: z.number(),
  content_type: z.string(),
  inline: z.boolean(),
}).transform((wire): AttachmentInfo => ({
  name: wire.name,
  sizeBytes: wire.size,
  contentType: wire.content_type,
  inline: wire.inline,
}));

/** Only what makes the record vouch for its content has to be there. */
const StoredRecordJson = z.object({
  mime_sha256: z.string().regex(/^[0-9a-f]{64}$/),
  mime_size: z.int(),
  rebuilt: z.boolean().optional().catch(undefined),
  metadata: z.object({ size: z.number().optional().catch(undefined) }).optional().catch(undefined),
  attachments: z.array(AttachmentJson).optional().catch(undefined),
});

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
