import type { EmailRecord } from "../core/email.ts";
import { emailFieldsOf } from "../storage/email_json.ts";

/**
 * Text as the platform can hold it: NUL and halves of surrogate pairs, which senders and folder
 * owners can write and JSON can carry but databases of text refuse, become U+FFFD.
 */
export function storableText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}

/** An email as `PUT …/emails` takes it, without `mime_content`. */
export function emailWireOf(record: EmailRecord) {
  const { id, mailbox, timestamp = NO_TIME, metadata, attachments } = emailFieldsOf(record);
  const { received_at } = metadata;
  return {
    id: storableText(id),
    mailbox: storableText(mailbox),
    timestamp: rfc3339Of(timestamp),
    metadata: storable({ ...metadata, received_at: received_at && rfc3339Of(received_at) }),
    attachments: attachments.map(storable),
  };
}

/** Time of emails that have none: the platform wants one. */
const NO_TIME = new Date(0);

/** The same fields with texts, and lists of texts, that can be held. */
function storable<T extends object>(fields: T): T {
  const entries = Object.entries(fields).map(([name, value]) => [name, storableValue(value)]);
  return Object.fromEntries(entries) as T;
}

function storableValue(value: unknown): unknown {
  if (typeof value === "string") return storableText(value);
  return Array.isArray(value) ? value.map(storableValue) : value;
}

const EARLIEST = "0001-01-01T00:00:00.000Z";
const LATEST = "9999-12-31T23:59:59.999Z";

/** RFC 3339 in UTC. Its years have four digits; a sender's may have more. */
export function rfc3339Of(time: Date): string {
  const year = time.getUTCFullYear();
  if (year < 1) return EARLIEST;
  return year > 9999 ? LATEST : time.toISOString();
}
