import { createHash } from "node:crypto";

/** An email as the platform has it. */
export interface LedgerEmail {
  readonly id: string;
  readonly mailbox: string;
  readonly timestamp: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly attachments: readonly Readonly<Record<string, unknown>>[];
  /** Of the text in UTF-8. */
  readonly mimeSha256: string;
  readonly mimeSizeBytes: number;
  /** The text, where it is short. */
  readonly mime?: string;
  /** How often it was stored. */
  readonly stores: number;
}

/** One `PUT …/emails` that stored something. */
export interface LedgerPut {
  readonly bucket: string;
  readonly ids: readonly string[];
  /** Of the body. */
  readonly bytes: number;
}

/** Content of an attachment, by email and number. */
export interface LedgerAttachment {
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface LedgerRequest {
  readonly method: string;
  readonly path: string;
  /** 0: the connection was cut instead. */
  readonly status: number;
}

const KEPT_TEXT_CHARACTERS_MAX = 256 * 1024;

/** Everything that happened to the simulated platform. */
export class PlatformLedger {
  readonly requests: LedgerRequest[] = [];
  readonly puts: LedgerPut[] = [];
  /** By bucket id and email id. */
  readonly emails = new Map<string, Map<string, LedgerEmail>>();
  /** By bucket id, email id and number, joined with line ends. */
  readonly attachments = new Map<string, LedgerAttachment>();

  /** Stores an email, or replaces the one of its id. */
  store(bucketId: string, wire: Readonly<Record<string, unknown>>): void {
    const emails = this.emails.get(bucketId) ?? new Map<string, LedgerEmail>();
    this.emails.set(bucketId, emails);
    const id = String(wire["id"]);
    const mime = String(wire["mime_content"]);
    emails.set(id, {
      id,
      mailbox: String(wire["mailbox"]),
      timestamp: String(wire["timestamp"]),
      metadata: (wire["metadata"] ?? {}) as LedgerEmail["metadata"],
      attachments: (wire["attachments"] ?? []) as LedgerEmail["attachments"],
      mimeSha256: createHash("sha256").update(mime).digest("hex"),
      mimeSizeBytes: new TextEncoder().encode(mime).length,
      ...(mime.length <= KEPT_TEXT_CHARACTERS_MAX ? { mime } : {}),
      stores: (emails.get(id)?.stores ?? 0) + 1,
    });
  }

  /** All emails of a bucket. */
  of(bucketId: string): readonly LedgerEmail[] {
    return [...this.emails.get(bucketId)?.values() ?? []];
  }

  totals() {
    const emails = [...this.emails.values()].flatMap((bucket) => [...bucket.values()]);
    return {
      requests: this.requests.length,
      puts: this.puts.length,
      emails: emails.length,
      stores: emails.reduce((sum, { stores }) => sum + stores, 0),
      attachments: this.attachments.size,
    };
  }
}
