import type { Clock } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import type { SourceObserver } from "../core/observer.ts";

/** Who watches a source, if anybody, and what durations are measured with. */
export interface RequestWatch {
  readonly clock: Clock;
  readonly observer: SourceObserver | undefined;
}

/** Sends one request, of which the observer is told once it has come to its end. */
export async function observedRequest<T>(
  operation: string,
  { clock, observer }: RequestWatch,
  send: () => Promise<T>,
): Promise<T> {
  const startedMs = clock.monotonicMs();
  try {
    const answer = await send();
    observer?.requestEnded(operation, clock.monotonicMs() - startedMs);
    return answer;
  } catch (error) {
    if (error instanceof SyncError) {
      observer?.requestEnded(operation, clock.monotonicMs() - startedMs, error);
    }
    throw error;
  }
}
