import { z } from "zod";
import type { AttachmentInfo, EmailMetadata, EmailRecord } from "../core/email.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { ContentFacts } from "./measured_content.ts";
import { present } from "./present.ts";
import { WireTime } from "./wire_time.ts";

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
  /** Path of the folder it lay in; absent if it cannot be read. */
  readonly folder?: readonly string[];
  /** Absent if they cannot be read. */
  readonly attachments?: readonly AttachmentInfo[];
}

/**
 * The `.json` beside an `.eml` (spec section 5): UTF-8, two spaces, a final newline. Equal input
 * gives equal text. What is absent in the record is absent here; times are ISO 8601 in UTC.
 */
export function encodeEmailJson(record: EmailRecord, content: StoredContent): string {
  const wire = {
    ...emailFieldsOf(record),
    mime_sha256: content.sha256,
    mime_size: content.sizeBytes,
    rebuilt: content.rebuilt,
  };
  return `${JSON.stringify(wire, undefined, 2)}\n`;
}

/** A record in the platform's spelling (facts: `EmailNew`); what is absent is `undefined`. */
export function emailFieldsOf({ id, mailbox, timestamp, metadata, attachments }: EmailRecord) {
  return {
    id,
    mailbox: mailbox.address,
    timestamp,
    metadata: encodeMetadata(metadata),
    attachments: attachments.map(encodeAttachment),
  };
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
    folder: wire.metadata?.folder,
    attachments: wire.attachments,
  });
}

/** All that a stored `.json` says. */
export interface WholeRecord {
  readonly record: EmailRecord;
  readonly content: StoredContent;
}

/**
 * Reads back all of what `encodeEmailJson` wrote of an email of `mailbox` under `key`, or says what
 * is wrong in a few words that quote nothing. What a later version adds is passed over.
 */
export function decodeEmailJson(
  text: string,
  { mailbox, key }: { readonly mailbox: Mailbox; readonly key: string },
): WholeRecord | { readonly fault: string } {
  const { success, data: wire, error } = EmailJson.safeParse(parsed(text));
  if (!success) {
    const place = error.issues[0]?.path.map(String).join(".");
    return { fault: place ? `"${place}" is not as it was written` : "it is no whole record" };
  }
  if (wire.mailbox.toLowerCase() !== mailbox.address) return { fault: "it is of another mailbox" };
  const { id, timestamp, metadata, attachments } = wire;
  const { mime_sha256: sha256, mime_size: sizeBytes, rebuilt } = wire;
  return {
    record: { id, key, mailbox, ...present({ timestamp }), metadata, attachments },
    content: present({ sha256, sizeBytes, rebuilt }),
  };
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

const MetadataJson = z.object({
  folder: z.array(z.string()),
  received_at: WireTime.optional(),
  size: z.number().optional(),
  has_attachments: z.boolean().optional(),
  is_read: z.boolean().optional(),
  importance: z.string().optional(),
  sensitivity: z.string().optional(),
  categories: z.array(z.string()).optional(),
  conversation_id: z.string().optional(),
  conversation_topic: z.string().optional(),
}).transform((wire): EmailMetadata =>
  present({
    folder: wire.folder,
    receivedAt: wire.received_at,
    sizeBytes: wire.size,
    hasAttachments: wire.has_attachments,
    isRead: wire.is_read,
    importance: wire.importance,
    sensitivity: wire.sensitivity,
    categories: wire.categories,
    conversationId: wire.conversation_id,
    conversationTopic: wire.conversation_topic,
  })
);

const EmailJson = z.object({
  id: z.string().min(1),
  mailbox: z.string(),
  timestamp: WireTime.optional(),
  metadata: MetadataJson,
  attachments: z.array(AttachmentJson),
  mime_sha256: z.string().regex(/^[0-9a-f]{64}$/),
  mime_size: z.int().min(0),
  rebuilt: z.boolean().optional(),
});

/** Only what makes the record vouch for its content has to be there. */
const StoredRecordJson = z.object({
  mime_sha256: z.string().regex(/^[0-9a-f]{64}$/),
  mime_size: z.int(),
  rebuilt: z.boolean().optional().catch(undefined),
  metadata: z.object({
    size: z.number().optional().catch(undefined),
    folder: z.array(z.string()).optional().catch(undefined),
  }).optional().catch(undefined),
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
