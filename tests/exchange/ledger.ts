import { createHash } from "node:crypto";
import type { Clock } from "../../src/core/env.ts";
import type { MimeObserver, MimePart } from "./answer_bytes.ts";
import type { CallRecord } from "./ews/exchange_service.ts";
import type { LogonAttempt } from "./ntlm_acceptor.ts";

export interface RequestRecord extends CallRecord {
  readonly at: Date;
  /** Number of the connection it came on. */
  readonly connection: number;
  /** HTTP status of the answer. */
  readonly status: number;
}

/** MIME content that went out whole. */
export interface MimeRecord {
  readonly at: Date;
  readonly mailbox: string;
  readonly itemId: string;
  /** Lower-case hex; names the email across moves and copies. */
  readonly searchKey: string;
  /** Lower-case hex, of the bytes before base64. */
  readonly sha256: string;
  readonly bytes: number;
}

/** Content of an attachment that went out whole; for an attached email its MIME content. */
export interface AttachmentRecord extends Omit<MimeRecord, "searchKey"> {
  readonly attachmentId: string;
}

export interface LogonRecord extends LogonAttempt {
  readonly at: Date;
  readonly connection: number;
}

/** Counts that go on for ever. */
export interface LedgerTotals {
  readonly requests: number;
  readonly requestsByOperation: Readonly<Record<string, number>>;
  readonly faults: number;
  /** Requests refused for being beyond a limit: HTTP 429. */
  readonly throttled: number;
  readonly mimeServed: number;
  readonly mimeBytes: number;
  readonly attachmentsServed: number;
  /** Different emails, by mailbox and search key. */
  readonly emailsServed: number;
  readonly logons: number;
  readonly logonsRefused: number;
  /** Requests that impersonate without a right `X-AnchorMailbox`. */
  readonly withoutAnchor: number;
}

/** Records of one kind kept at a time; a server that runs for days forgets the oldest. */
const RECORDS_MAX = 100_000;

/** What the server was asked and what it handed out: the truth tests compare a client with. */
export class Ledger {
  readonly #clock: Pick<Clock, "now">;
  readonly #requests: RequestRecord[] = [];
  readonly #mimes: MimeRecord[] = [];
  readonly #attachments: AttachmentRecord[] = [];
  readonly #logons: LogonRecord[] = [];
  readonly #operations = new Map<string, number>();
  readonly #fetches = new Map<string, number>();
  #mimeServed = 0;
  #mimeBytes = 0;
  #attachmentsServed = 0;
  #faults = 0;
  #throttled = 0;
  #logonCount = 0;
  #logonsRefused = 0;
  #withoutAnchor = 0;

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  recordRequest(record: Omit<RequestRecord, "at">): void {
    keep(this.#requests, { ...record, at: this.#clock.now() });
    const operation = record.operation ?? "unreadable";
    this.#operations.set(operation, (this.#operations.get(operation) ?? 0) + 1);
    if (record.status !== 200) this.#faults++;
    if (record.status === 429) this.#throttled++;
    if (record.anchor === "missing" || record.anchor === "wrong") this.#withoutAnchor++;
  }

  recordLogon(record: Omit<LogonRecord, "at">): void {
    keep(this.#logons, { ...record, at: this.#clock.now() });
    this.#logonCount++;
    if (record.outcome !== "accepted") this.#logonsRefused++;
  }

  /** Watches one content go out; it is recorded once all of it has been produced. */
  observeMime({ mailbox, item, attachmentId }: MimePart): MimeObserver {
    const hash = createHash("sha256");
    let bytes = 0;
    return {
      chunk(chunk) {
        hash.update(chunk);
        bytes += chunk.byteLength;
      },
      done: () => {
        const { id: itemId, searchKey } = item;
        const sent = { mailbox, itemId, sha256: hash.digest("hex"), bytes };
        if (attachmentId === undefined) this.#recordMime({ ...sent, searchKey });
        else this.#recordAttachment({ ...sent, attachmentId });
      },
    };
  }

  /** Requests in order, of one operation or of all. */
  requests(operation?: string): readonly RequestRecord[] {
    return operation === undefined
      ? this.#requests
      : this.#requests.filter((record) => record.operation === operation);
  }

  get mimes(): readonly MimeRecord[] {
    return this.#mimes;
  }

  get attachments(): readonly AttachmentRecord[] {
    return this.#attachments;
  }

  get logons(): readonly LogonRecord[] {
    return this.#logons;
  }

  /** How often the content of one email left a mailbox, under whatever item id. */
  mimeFetches(mailbox: string, searchKey: string): number {
    return this.#fetches.get(`${mailbox} ${searchKey}`) ?? 0;
  }

  totals(): LedgerTotals {
    return {
      requests: [...this.#operations.values()].reduce((sum, count) => sum + count, 0),
      requestsByOperation: Object.fromEntries(this.#operations),
      faults: this.#faults,
      throttled: this.#throttled,
      mimeServed: this.#mimeServed,
      mimeBytes: this.#mimeBytes,
      attachmentsServed: this.#attachmentsServed,
      emailsServed: this.#fetches.size,
      logons: this.#logonCount,
      logonsRefused: this.#logonsRefused,
      withoutAnchor: this.#withoutAnchor,
    };
  }

  #recordAttachment(record: Omit<AttachmentRecord, "at">): void {
    keep(this.#attachments, { ...record, at: this.#clock.now() });
    this.#attachmentsServed++;
  }

  #recordMime(record: Omit<MimeRecord, "at">): void {
    keep(this.#mimes, { ...record, at: this.#clock.now() });
    this.#mimeServed++;
    this.#mimeBytes += record.bytes;
    const key = `${record.mailbox} ${record.searchKey}`;
    this.#fetches.set(key, (this.#fetches.get(key) ?? 0) + 1);
  }
}

function keep<T>(records: T[], record: T): void {
  records.push(record);
  // Dropped by the half, so that dropping costs nothing per record.
  if (records.length > RECORDS_MAX) records.splice(0, RECORDS_MAX / 2);
}
