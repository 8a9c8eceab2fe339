/** One sender or recipient as the store holds it. */
export interface Participant {
  readonly name?: string;
  /** Absent where the store has a name alone, as for a private distribution list. */
  readonly address?: string;
  /** `SMTP` unless stated; `EX` goes with a legacy distinguished name. */
  readonly routingType?: string;
  /** Worked out from the address unless stated. */
  readonly mailboxType?: MailboxType;
}

/** MailboxTypeType, as far as it occurs. */
export type MailboxType = "Mailbox" | "OneOff" | "PublicDL" | "PrivateDL" | "Contact" | "Unknown";
