import type { Clock, Logger } from "../core/env.ts";
import { syncErrorOf } from "../core/errors.ts";
import type { Mailbox } from "../core/mailbox.ts";
import type { MailboxPhase } from "../core/observer.ts";
import type { MailboxStateStore } from "../core/ports.ts";
import type { MailboxCondition } from "../core/sync_state.ts";

/**
 * Writes how a mailbox is beside its states, for `status`, whenever that changes; a mailbox that
 * syncs and one that waits for its next round are the same.
 */
export class ConditionRecord {
  readonly #store: MailboxStateStore;
  readonly #mailbox: Mailbox;
  readonly #env: { readonly clock: Clock; readonly log: Logger };
  #written: string | undefined;

  constructor(
    store: MailboxStateStore,
    mailbox: Mailbox,
    env: { readonly clock: Clock; readonly log: Logger },
  ) {
    this.#store = store;
    this.#mailbox = mailbox;
    this.#env = env;
  }

  /** Never rejects: what cannot be written is logged, and nothing depends on it. */
  async note(phase: MailboxPhase, signal: AbortSignal): Promise<void> {
    const condition = conditionOf(phase, this.#env.clock.now());
    const written = JSON.stringify([condition.phase, condition.error?.code]);
    if (written === this.#written || signal.aborted) return;
    try {
      await this.#store.saveCondition(condition, { signal });
      this.#written = written;
    } catch (thrown) {
      const { code, message } = syncErrorOf(thrown);
      this.#env.log.warn("The condition of a mailbox was not written.", {
        mailbox: this.#mailbox.address,
        code,
        reason: message,
      });
    }
  }
}

function conditionOf(phase: MailboxPhase, since: Date): MailboxCondition {
  const name = phase.name === "idle" ? "syncing" : phase.name;
  if (!("error" in phase) || !phase.error) return { phase: name, since };
  const { code, message, hint } = phase.error;
  return { phase: name, since, error: { code, reason: message, ...(hint ? { hint } : {}) } };
}
