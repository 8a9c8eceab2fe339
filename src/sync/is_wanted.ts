import type { ItemDescription } from "../core/email.ts";
import type { ParticipantFilter } from "./participant_filter.ts";

/**
 * Whether an item is an email to sync (spec section 3): a mail class, no draft, and received, or
 * where it was never received created, at or after `since`; one without any time is.
 */
export function isWanted(item: ItemDescription, since: Date | undefined): boolean {
  if (!item.isMail || item.isDraft) return false;
  const receivedAt = item.receivedAt ?? item.createdAt;
  return !since || !receivedAt || receivedAt >= since;
}

/** Whether the lists of participants, if there are any, keep an email out. */
export function isFiltered(
  { participants }: ItemDescription,
  filter: ParticipantFilter | undefined,
): boolean {
  return filter?.keepsOut(participants ?? { addresses: [], unresolved: true }) ?? false;
}
