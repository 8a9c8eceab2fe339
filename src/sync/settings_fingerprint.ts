import { createHash } from "node:crypto";
import type { AddressList, Mailbox } from "../core/mailbox.ts";
import type { SettingsFingerprint } from "../core/sync_state.ts";

/**
 * The settings that decide which emails of a folder are synced. A folder whose state carries others
 * is listed again as far as these add anything (spec section 5, rule 7). Lists of folders are not
 * among them: they decide whether a folder is followed at all.
 */
export function settingsFingerprint(
  { startTimestamp, participants }: Mailbox,
): SettingsFingerprint {
  const lists = participants && [sorted(participants.allow), sorted(participants.deny)];
  return {
    ...(startTimestamp ? { startTimestamp } : {}),
    ...(lists ? { participants: digestOf(lists) } : {}),
  };
}

/** The order in which a list is written decides nothing. */
function sorted(list: AddressList | undefined) {
  return list && [[...list.addresses].sort(), [...list.domains].sort()];
}

function digestOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}
