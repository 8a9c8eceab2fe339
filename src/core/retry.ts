import { backoffMs } from "./backoff.ts";
import type { CallOptions, Env } from "./env.ts";
import { SyncError } from "./errors.ts";
import { LIMITS } from "./limits.ts";

export interface RetryOptions extends CallOptions {
  readonly env: Env;
  /** No further attempt begins later than this after the first one began, ms. */
  readonly budgetMs: number;
  /** How often an attempt may fail with this error at most; absent: until the time is up. */
  readonly attemptsMax?: (error: SyncError) => number;
  /** Told before each wait; the waits themselves are logged here. */
  readonly onRetry?: (retry: RetryEvent) => void;
}

export interface RetryEvent {
  /** The attempt that failed; the first is 1. */
  readonly attempt: number;
  readonly delayMs: number;
  readonly error: SyncError;
}

/**
 * Runs an attempt until it works, is hopeless, or its time is up (architecture section 7, rule 4).
 *
 * Only `retryable` errors are tried again, after an exponential pause with jitter (see `backoffMs`).
 * A delay the server named is obeyed in full and the pause comes on top; one above
 * `LIMITS.retryAfterMsMax` ends it at once. Rejects with the last attempt's error, unchanged, or
 * with the signal's reason as soon as it is aborted.
 */
export async function retry<T>(
  attempt: (attempt: number) => Promise<T>,
  options: RetryOptions,
): Promise<T> {
  const { env, signal, onRetry } = options;
  const startedMs = env.clock.monotonicMs();
  for (let number = 1;; number++) {
    signal.throwIfAborted();
    try {
      return await attempt(number);
    } catch (error) {
      // An abort shows up in many shapes; the signal's reason is the one that is true.
      signal.throwIfAborted();
      const elapsedMs = env.clock.monotonicMs() - startedMs;
      const delayMs = pauseMs(error, number, elapsedMs, options);
      if (delayMs === undefined || !(error instanceof SyncError)) throw error;
      onRetry?.({ attempt: number, delayMs, error });
      logRetry(env, number, delayMs, error);
      await env.clock.sleep(delayMs, { signal });
    }
  }
}

/** How long to wait before the next attempt, ms; `undefined` if there is none. */
function pauseMs(
  error: unknown,
  attempt: number,
  elapsedMs: number,
  { env, budgetMs, attemptsMax }: RetryOptions,
): number | undefined {
  if (!(error instanceof SyncError) || error.kind !== "retryable") return undefined;
  if (attempt >= (attemptsMax?.(error) ?? Infinity)) return undefined;
  const namedMs = error.retryAfterMs ?? 0;
  if (namedMs > LIMITS.retryAfterMsMax) return undefined;
  const delayMs = namedMs + backoffMs(attempt, LIMITS, env.entropy);
  return elapsedMs + delayMs > budgetMs ? undefined : delayMs;
}

function logRetry(env: Env, attempt: number, delayMs: number, error: SyncError): void {
  env.log.warn("Attempt failed, trying again.", {
    attempt,
    delayMs,
    code: error.code,
    reason: error.message,
    operation: error.context.operation,
    mailbox: error.context.mailbox,
  });
}
