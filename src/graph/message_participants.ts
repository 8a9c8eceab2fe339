import { z } from "zod";
import type { Participants } from "../core/email.ts";
import type { Participant } from "../source/mime_text.ts";
import { present } from "../source/present.ts";

/** A recipient resource. */
export const RECIPIENT = z.object({
  emailAddress: z.object({ name: z.string().nullish(), address: z.string().nullish() }).nullish(),
});

export type Recipient = z.output<typeof RECIPIENT>;

/** The fields of a message that name somebody. */
export interface NamedByMessage {
  readonly from?: Recipient | null | undefined;
  readonly sender?: Recipient | null | undefined;
  readonly toRecipients?: readonly Recipient[] | null | undefined;
  readonly ccRecipients?: readonly Recipient[] | null | undefined;
  readonly bccRecipients?: readonly Recipient[] | null | undefined;
  readonly replyTo?: readonly Recipient[] | null | undefined;
}

/** Who sent and got a message (spec section 2, "Participants"). */
export function participantsOf(message: NamedByMessage): Participants {
  const { from, sender } = message;
  const named = [
    ...(from ? [from] : []),
    ...(sender ? [sender] : []),
    ...message.toRecipients ?? [],
    ...message.ccRecipients ?? [],
    ...message.bccRecipients ?? [],
    ...message.replyTo ?? [],
  ];
  const addresses = named.map(smtpAddressOf);
  return {
    addresses: [...new Set(addresses.filter((address) => address !== undefined))],
    unresolved: addresses.includes(undefined),
  };
}

/** Name and SMTP address, as far as there are any. */
export function participantOf(recipient: Recipient): Participant {
  const name = recipient.emailAddress?.name?.trim();
  return present({ name: name || undefined, address: smtpAddressOf(recipient) });
}

/** In lower case; undefined for an Exchange address that was not resolved, and for a name alone. */
function smtpAddressOf({ emailAddress }: Recipient): string | undefined {
  const address = emailAddress?.address?.trim().toLowerCase() ?? "";
  return address.includes("@") && !address.startsWith("/") ? address : undefined;
}
