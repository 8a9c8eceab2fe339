import type { Participant } from "../participant.ts";
import type { SimulatedMailbox } from "../simulated_mailbox.ts";
import { textElement } from "./xml_text.ts";

/** SingleRecipientType: From or Sender; nothing if nobody is named. */
export function recipientElement(
  name: string,
  participant: Participant | undefined,
  mailbox: SimulatedMailbox,
): string {
  return participant ? `<t:${name}>${mailboxElement(participant, mailbox)}</t:${name}>` : "";
}

/** ArrayOfRecipientsType; an empty list is left out, as Exchange does. */
export function recipientsElement(
  name: string,
  participants: readonly Participant[] | undefined,
  mailbox: SimulatedMailbox,
): string {
  if (!participants?.length) return "";
  const elements = participants.map((participant) => mailboxElement(participant, mailbox));
  return `<t:${name}>${elements.join("")}</t:${name}>`;
}

/** What the folder's table knows of From and Sender: the display name (B.3 of the facts). */
export function nameOnly(participant: Participant | undefined): Participant | undefined {
  const name = participant?.name ?? participant?.address;
  return name === undefined ? undefined : { name, mailboxType: "OneOff" };
}

/** EmailAddressType. */
function mailboxElement(
  { name, address, routingType = "SMTP", mailboxType }: Participant,
  mailbox: SimulatedMailbox,
): string {
  const type = mailboxType ??
    (address?.toLowerCase() === mailbox.address ? "Mailbox" : "OneOff");
  return "<t:Mailbox>" +
    (name === undefined ? "" : textElement("t:Name", name)) +
    (address ? textElement("t:EmailAddress", address) : "") +
    (address ? textElement("t:RoutingType", routingType) : "") +
    `${textElement("t:MailboxType", type)}</t:Mailbox>`;
}
