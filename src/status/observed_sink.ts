import type { Clock } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import type { MailboxSink, PutOutcome, Sink } from "../core/ports.ts";

/** Watches calls of a sink. */
export interface SinkObserver {
  /** A call of `Sink` or `MailboxSink` came to its end; with the failure, if it failed. */
  sinkCallEnded(operation: string, tookMs: number, error?: SyncError): void;
  /** The sink will not have one email of a call that did not fail. */
  emailRefused(error: SyncError): void;
}

/** The same sink, watched. */
export function observedSink(sink: Sink, clock: Clock, observer: SinkObserver): Sink {
  const timed = async <T>(operation: string, call: () => Promise<T>): Promise<T> => {
    const startedMs = clock.monotonicMs();
    try {
      const value = await call();
      observer.sinkCallEnded(operation, clock.monotonicMs() - startedMs);
      return value;
    } catch (error) {
      if (error instanceof SyncError) {
        observer.sinkCallEnded(operation, clock.monotonicMs() - startedMs, error);
      }
      throw error;
    }
  };
  const noteRefusals = (outcomes: readonly PutOutcome[]) => {
    for (const outcome of outcomes) {
      if (!outcome.stored && outcome.refused) observer.emailRefused(outcome.error);
    }
    return outcomes;
  };
  const observed = (inner: MailboxSink): MailboxSink => ({
    refresh: (records, options) => timed("refresh", () => inner.refresh(records, options)),
    keys: (options) => inner.keys(options),
    put: async (emails, options) =>
      noteRefusals(await timed("put", () => inner.put(emails, options))),
  });
  return {
    probe: (options) => timed("probe", () => sink.probe(options)),
    open: async (mailbox, options) =>
      observed(await timed("open", () => sink.open(mailbox, options))),
  };
}
