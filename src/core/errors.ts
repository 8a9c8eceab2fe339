/**
 * How far a failure reaches, from the smallest radius to the largest. The reaction follows from the
 * kind alone (spec section 7):
 * - `retryable`: this attempt. Wait, then try again within a time budget.
 * - `item`: one email. Record it, count it, go on.
 * - `folder`: one folder. Start it again, or forget it.
 * - `mailbox`: one mailbox. Suspend it, probe with growing pauses; the others go on.
 * - `destination`: the sink as a whole. Every mailbox bound for it pauses; nothing counts as failed.
 * - `fatal`: the process: its own configuration, its own credentials, or a defect.
 */
export type ErrorKind = "retryable" | "item" | "folder" | "mailbox" | "destination" | "fatal";

/** Where a failure happened. Every field is safe to log. */
export interface ErrorContext {
  readonly mailbox?: string;
  /** Display names from the top-level folder down. */
  readonly folder?: readonly string[];
  /** EWS operation or sink verb, e.g. `GetItem`, `put`. */
  readonly operation?: string;
}

export interface ErrorDetails {
  /** What an operator can do about it, as one imperative sentence without a full stop. */
  readonly hint?: string;
  /** The delay the server itself named, in milliseconds. */
  readonly retryAfterMs?: number;
  readonly context?: ErrorContext;
  readonly cause?: unknown;
}

/**
 * The one error type of the core, given where a failure is first understood.
 *
 * `code` comes from a bounded vocabulary (Microsoft's response codes, `Http503`, our own names): it
 * becomes a metric label. `message` starts with a capital, has no full stop and holds no secret.
 */
export class SyncError extends Error {
  override readonly name = "SyncError";
  readonly hint: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly context: ErrorContext;

  constructor(
    readonly kind: ErrorKind,
    readonly code: string,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(message, { cause: details.cause });
    this.hint = details.hint;
    this.retryAfterMs = details.retryAfterMs;
    this.context = details.context ?? {};
  }

  /** The same error with more context; what is already known is not overwritten. */
  in(context: ErrorContext): SyncError {
    return this.#copy(this.kind, { ...context, ...this.context });
  }

  /** The same error with another radius, e.g. a retryable one whose time budget is spent. */
  as(kind: ErrorKind): SyncError {
    return this.#copy(kind, this.context);
  }

  #copy(kind: ErrorKind, context: ErrorContext): SyncError {
    return new SyncError(kind, this.code, this.message, {
      context,
      cause: this.cause,
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.retryAfterMs === undefined ? {} : { retryAfterMs: this.retryAfterMs }),
    });
  }
}

/**
 * Turns anything thrown into a `SyncError`. What is not one already is a defect of ours, hence
 * `fatal`; packages and the platform are wrapped where they are called.
 */
export function syncErrorOf(thrown: unknown): SyncError {
  if (thrown instanceof SyncError) return thrown;
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new SyncError("fatal", "InternalError", `Unexpected failure: ${message}`, {
    cause: thrown,
    hint: "Report this with the log line; the state is intact and a restart goes on from it",
  });
}

/** States an invariant of our own in the positive. Stays on in production and ends the process. */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new Error(`Broken invariant: ${invariant}`);
}
