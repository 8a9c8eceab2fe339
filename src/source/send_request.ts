import type { CallOptions, Env } from "../core/env.ts";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { retry } from "../core/retry.ts";
import { countedByCode } from "./counted_by_code.ts";
import type { FailureTable, Reach } from "./failure_table.ts";

/** What a server answered. */
export interface Answer<T> {
  readonly value: T;
  /** The server's own clock (HTTP `Date`); ours where a proxy took that away. */
  readonly serverTime: Date;
}

/** How a request is repeated; `Request` is what one API calls it. */
export interface RepeatOptions<Request> extends CallOptions {
  /** How often a failure may happen before it is given up; absent: as the code has it. */
  readonly attemptsMax?: (error: SyncError) => number;
  /** What to send after a failure; absent: the same again. */
  readonly insteadAfter?: (error: SyncError) => Request;
}

/** What there is to repeat, and what an API's table says of its failures. */
export interface Repeatable<Request, T> {
  readonly env: Env;
  readonly failures: FailureTable;
  /** What is at fault where it is given up. */
  readonly reach: Reach;
  /** Sends a request once. */
  readonly attempt: (request: Request) => Promise<T>;
}

/**
 * Sends a request until it is answered or hopeless, `LIMITS.retryBudgetMs` at most. Rejects with a
 * `SyncError` of the kind that the table has for a failure that is given up.
 */
export async function sendRequest<Request, T>(
  first: Request,
  { env, failures, reach, attempt }: Repeatable<Request, T>,
  options: RepeatOptions<Request>,
): Promise<T> {
  const { signal, attemptsMax = ({ code }) => failures.attemptsMaxOf(code), insteadAfter } =
    options;
  let current = first;
  try {
    return await retry(() => attempt(current), {
      env,
      signal,
      budgetMs: LIMITS.retryBudgetMs,
      attemptsMax: countedByCode(attemptsMax),
      onRetry: ({ error }) => {
        current = insteadAfter?.(error) ?? current;
      },
    });
  } catch (error) {
    if (!(error instanceof SyncError)) throw error;
    throw error.as(failures.kindWhenGivenUp(error, reach));
  }
}
