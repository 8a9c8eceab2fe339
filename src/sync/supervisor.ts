import type { Mailbox } from "../core/mailbox.ts";
import type { Engine, MailboxReport } from "./engine.ts";
import { runMailbox } from "./mailbox_worker.ts";
import { SettledItems } from "./settled_items.ts";
import type { StopController } from "./stop.ts";

/**
 * Runs one worker per mailbox until all have ended. A failure that reaches further than its mailbox
 * stops the others first, so that what they have in work is settled and committed.
 *
 * @throws SyncError of kind `fatal`, or with `once` of kind `destination`.
 */
export async function superviseMailboxes(
  engine: Engine & { readonly stop: StopController },
  mailboxes: readonly Mailbox[],
): Promise<readonly MailboxReport[]> {
  const settled = new SettledItems();
  const workers = mailboxes.map(async (mailbox) => {
    try {
      return await runMailbox({ ...engine, settled }, mailbox);
    } catch (error) {
      engine.stop.begin();
      throw error;
    }
  });
  const outcomes = await Promise.allSettled(workers);
  return outcomes.map((outcome) => {
    if (outcome.status === "rejected") throw outcome.reason;
    return outcome.value;
  });
}
