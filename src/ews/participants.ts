import type { Participants } from "../core/email.ts";
import type { XmlNode } from "./xml.ts";

/** Elements that name one participant, and those that list several (`Mailbox` in each). */
const PARTICIPANT_ELEMENTS = [
  "From",
  "Sender",
  "ToRecipients",
  "CcRecipients",
  "BccRecipients",
  "ReplyTo",
] as const;

/** Who sent and got an item, as a GetItem answer names them (spec section 2, "Participants"). */
export function participantsOf(item: XmlNode): Participants {
  const mailboxes = PARTICIPANT_ELEMENTS.flatMap((name) => mailboxesOf(item, name));
  const addresses = mailboxes.map(smtpAddressOf);
  return {
    addresses: [...new Set(addresses.filter((address) => address !== undefined))],
    unresolved: addresses.includes(undefined),
  };
}

/** `Mailbox` elements (EmailAddressType) below an element of the item; none if it is absent. */
export function mailboxesOf(item: XmlNode, name: string): readonly XmlNode[] {
  return item.optionalNode(name)?.nodes("Mailbox") ?? [];
}

/**
 * The address in lower case; `undefined` for one of another kind (an Exchange address that was not
 * resolved, a fax), for a private distribution list, and for a name alone.
 */
export function smtpAddressOf(mailbox: XmlNode): string | undefined {
  const address = mailbox.optionalText("EmailAddress")?.trim().toLowerCase() ?? "";
  const routing = mailbox.optionalText("RoutingType")?.trim().toUpperCase() ?? "SMTP";
  const isPrivateList = mailbox.optionalText("MailboxType")?.trim() === "PrivateDL";
  return routing === "SMTP" && !isPrivateList && address.includes("@") ? address : undefined;
}
