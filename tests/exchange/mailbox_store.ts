import type { Clock, Entropy } from "../../src/core/env.ts";
import { mailboxGuidOf } from "./exchange_ids.ts";
import type { MailboxLanguage } from "./folder_names.ts";
import { SimulatedMailbox } from "./simulated_mailbox.ts";

export interface StoreOptions {
  readonly clock: Pick<Clock, "now">;
  /** Seeded: the same seed and the same operations give the same ids and keys. */
  readonly entropy: Entropy;
}

/** All mailboxes of one organisation: the model every protocol of the simulator reads. */
export class MailboxStore {
  readonly #options: StoreOptions;
  readonly #byAddress = new Map<string, SimulatedMailbox>();
  readonly #byGuid = new Map<string, SimulatedMailbox>();

  constructor(options: StoreOptions) {
    this.#options = options;
  }

  addMailbox(address: string, language: MailboxLanguage = "en"): SimulatedMailbox {
    const mailbox = new SimulatedMailbox({ ...this.#options, address, language });
    if (this.#byAddress.has(mailbox.address)) throw new Error(`Mailbox "${address}" exists`);
    this.#byAddress.set(mailbox.address, mailbox);
    this.#byGuid.set(mailbox.ids.mailboxGuid, mailbox);
    return mailbox;
  }

  /** Addresses are compared without case. Undefined if there is no such mailbox. */
  mailbox(address: string): SimulatedMailbox | undefined {
    return this.#byAddress.get(address.toLowerCase());
  }

  mailboxes(): readonly SimulatedMailbox[] {
    return [...this.#byAddress.values()];
  }

  /** The mailbox a folder or item id belongs to, even if what it names is gone. */
  mailboxOfId(id: string): SimulatedMailbox | undefined {
    const guid = mailboxGuidOf(id);
    return guid === undefined ? undefined : this.#byGuid.get(guid);
  }
}
