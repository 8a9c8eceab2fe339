import type { Clock, Entropy } from "../../src/core/env.ts";
import { corpusEmails } from "./corpus.ts";
import { freshEmail } from "./corpus_delivery.ts";
import type { SimulatedMailbox } from "./simulated_mailbox.ts";

export interface DeliveryPace {
  readonly mailboxes: readonly SimulatedMailbox[];
  /** Time between two emails, in milliseconds. */
  readonly everyMs: number;
  readonly clock: Clock;
  readonly entropy: Entropy;
}

/**
 * Delivers fresh emails to inboxes chosen by chance, one after the other, until `signal` is
 * aborted; resolves to how many that were.
 */
export async function keepDelivering(pace: DeliveryPace, signal: AbortSignal): Promise<number> {
  const { mailboxes, everyMs, clock, entropy } = pace;
  for (let delivered = 0;; delivered++) {
    try {
      await clock.sleep(everyMs, { signal });
    } catch (error) {
      if (signal.aborted) return delivered;
      throw error;
    }
    const mime = freshEmail(oneOf(corpusEmails(), entropy), clock.now(), entropy);
    const mailbox = oneOf(mailboxes, entropy);
    mailbox.deliver(mailbox.distinguishedFolder("inbox").id, mime);
  }
}

function oneOf<T>(values: readonly T[], entropy: Entropy): T {
  return values[Math.floor(entropy.next() * values.length)]!;
}
