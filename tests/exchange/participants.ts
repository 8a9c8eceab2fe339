import { addressesIn } from "./address_list.ts";
import type { Header } from "./mime_header.ts";
import type { Participant } from "./participant.ts";

/** Everybody an item names; absent: nobody. */
export interface ItemParticipants {
  readonly from?: Participant;
  readonly sender?: Participant;
  readonly to?: readonly Participant[];
  readonly cc?: readonly Participant[];
  readonly bcc?: readonly Participant[];
  readonly replyTo?: readonly Participant[];
}

/** The participants a header names. Without a Sender field, who wrote an email also sent it. */
export function participantsIn(header: Header): ItemParticipants {
  const list = (name: string) => addressesIn(header.get(name) ?? "");
  const [from] = list("from");
  const [sender = from] = list("sender");
  return {
    ...(from ? { from } : {}),
    ...(sender ? { sender } : {}),
    to: list("to"),
    cc: list("cc"),
    bcc: list("bcc"),
    replyTo: list("reply-to"),
  };
}
