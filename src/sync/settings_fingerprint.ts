import { createHash } from "node:crypto";
import type { Mailbox } from "../core/mailbox.ts";

/**
 * Hash of the settings that decide which emails of a mailbox are synced. A folder whose state carries
 * another one is listed again (spec section 5, rule 7).
 */
export function settingsFingerprint({ startTimestamp }: Mailbox): string {
  const settings = { start_timestamp: startTimestamp?.toISOString() };
  return createHash("sha256").update(JSON.stringify(settings)).digest("hex").slice(0, 16);
}
