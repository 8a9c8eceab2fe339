import type { Participants } from "../core/email.ts";
import type { AddressList, ParticipantLists } from "../core/mailbox.ts";

/** The lists of one mailbox, made for asking about many emails. */
export interface ParticipantFilter {
  /** Whether an email with these participants is kept out (spec section 2, "Participants"). */
  keepsOut(participants: Participants): boolean;
}

/**
 * Deny wins over allow. One who cannot be resolved matches every deny list and no allow list: what
 * must not leave the mailbox does not leave it by way of an unknown address.
 */
export function participantFilter({ allow, deny }: ParticipantLists): ParticipantFilter {
  const isAllowed = allow && matcher(allow);
  const isDenied = deny && matcher(deny);
  return {
    keepsOut({ addresses, unresolved }) {
      if (isDenied && (unresolved || addresses.some(isDenied))) return true;
      return isAllowed !== undefined && !addresses.some(isAllowed);
    },
  };
}

function matcher({ addresses, domains }: AddressList): (address: string) => boolean {
  const listed = new Set(addresses);
  const listedDomains = new Set(domains);
  return (address) => listed.has(address) || listedDomains.has(domainOf(address));
}

function domainOf(address: string): string {
  return address.slice(address.lastIndexOf("@") + 1);
}
