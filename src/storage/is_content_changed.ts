import type { AttachmentInfo, EmailRecord } from "../core/email.ts";
import type { StoredRecord } from "./email_json.ts";

/**
 * Whether an email's content is no longer what is stored, as far as its size and attachments tell
 * (spec section 3). The order of attachments says nothing: the server promises none. Stored ones
 * that cannot be read count as others.
 */
export function isContentChanged(
  stored: Pick<StoredRecord, "sizeBytes" | "attachments">,
  { metadata, attachments }: Pick<EmailRecord, "metadata" | "attachments">,
): boolean {
  if (stored.sizeBytes !== metadata.sizeBytes) return true;
  if (stored.attachments?.length !== attachments.length) return true;
  const current = fingerprintsOf(attachments);
  return fingerprintsOf(stored.attachments).some((one, i) => one !== current[i]);
}

function fingerprintsOf(attachments: readonly AttachmentInfo[]): readonly string[] {
  return attachments.map(({ name, sizeBytes, contentType, inline }) =>
    JSON.stringify([name, sizeBytes, contentType, inline])
  ).sort();
}
