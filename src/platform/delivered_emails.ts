import { createHash } from "node:crypto";
import type { EmailRecord } from "../core/email.ts";
import type { Mailbox } from "../core/mailbox.ts";
import { emailWireOf } from "./email_wire.ts";
import { PLATFORM_LIMITS } from "./platform_limits.ts";

/** What is remembered of an email that was delivered. */
export interface DeliveredEmail {
  /** Of all that is sent beside the content. */
  readonly record: string;
  /** Of what tells whether the content has changed: size and attachments (spec section 3). */
  readonly content: string;
  /** Of the path of the folder it lay in. */
  readonly folder: string;
  /** Only a stand-in was delivered. */
  readonly rebuilt: boolean;
}

/**
 * The emails that this process delivered last. The platform cannot be asked cheaply what it stores
 * (its answer carries the content), and cannot change metadata alone: so what is remembered here is
 * all that spares fetching and sending an email again, and what is forgotten is sent again under its
 * id. Bounded; who was delivered longest ago is forgotten first.
 */
export class DeliveredEmails {
  readonly #emails = new Map<string, DeliveredEmail>();
  /** By id within a bucket: the key of the email delivered last under it. */
  readonly #keys = new Map<string, string>();

  /** The email of this key in this mailbox, if it was delivered and is not forgotten. */
  of(mailbox: Mailbox, { key }: EmailRecord): DeliveredEmail | undefined {
    return this.#emails.get(nameOf(mailbox, key));
  }

  /**
   * Notes a delivery. Resolves to true if another email was delivered under the same id: on the
   * platform they are one, and this one is what is left.
   */
  note(mailbox: Mailbox, record: EmailRecord, rebuilt: boolean): boolean {
    remember(this.#emails, nameOf(mailbox, record.key), { ...digestsOf(record), rebuilt });
    const { bucket } = mailbox;
    const idName = `${bucket.owner}/${bucket.name}\n${record.id}`;
    const before = this.#keys.get(idName);
    remember(this.#keys, idName, record.key);
    return before !== undefined && before !== record.key;
  }
}

/** How an email compares with one that was delivered. */
export function digestsOf(record: EmailRecord): Omit<DeliveredEmail, "rebuilt"> {
  const wire = emailWireOf(record);
  // The order of attachments says nothing: the server promises none.
  const attachments = wire.attachments.map((one) => JSON.stringify(one)).sort();
  return {
    record: digestOf(JSON.stringify({ ...wire, attachments })),
    content: digestOf(JSON.stringify([wire.metadata.size, attachments])),
    folder: digestOf(JSON.stringify(wire.metadata.folder)),
  };
}

function nameOf({ address, bucket }: Mailbox, key: string): string {
  return `${bucket.owner}/${bucket.name}/${address}\n${key}`;
}

function remember<T>(memory: Map<string, T>, name: string, value: T): void {
  memory.delete(name);
  memory.set(name, value);
  if (memory.size <= PLATFORM_LIMITS.rememberedEmailsMax) return;
  const [oldest = name] = memory.keys();
  memory.delete(oldest);
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("base64").slice(0, 22);
}
