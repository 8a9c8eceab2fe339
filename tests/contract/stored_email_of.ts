import { createHash } from "node:crypto";
import type { StoredEmail } from "./sink_contract.ts";

/** Both objects of an email, as a reader of the destination has them. */
export interface StoredObjects {
  /** Of the record, for what is wrong with it. */
  readonly name: string;
  readonly record: string;
  readonly mime: Uint8Array;
}

/** An email by what its record says and its content is; throws where the two do not agree. */
export function storedEmailOf({ name, record: text, mime }: StoredObjects): StoredEmail {
  const record = JSON.parse(text);
  const mimeSha256 = createHash("sha256").update(mime).digest("hex");
  if (record.mime_sha256 !== mimeSha256 || record.mime_size !== mime.byteLength) {
    throw new Error(`"${name}" vouches for other bytes than those beside it`);
  }
  return {
    id: record.id,
    folder: record.metadata.folder,
    isRead: record.metadata.is_read,
    mimeSha256,
    mimeSizeBytes: mime.byteLength,
    rebuilt: record.rebuilt ?? false,
  };
}
