/** Everything the core may not do by itself. Real in `runtime/`, virtual in tests. */
export interface Env {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly log: Logger;
}

export interface Clock {
  /** Wall clock: what we write down. */
  now(): Date;
  /** Never goes backwards: what we measure with. */
  monotonicMs(): number;
  /** Resolves after `ms`, or rejects with the signal's reason as soon as it is aborted. */
  sleep(ms: number, options: CallOptions): Promise<void>;
}

export interface Entropy {
  /** A number in [0, 1). */
  next(): number;
}

export interface CallOptions {
  readonly signal: AbortSignal;
}

/** Values a log field may have. Strings are escaped by the writer, never by the caller. */
export type LogValue = string | number | boolean | undefined | readonly string[];
export type LogFields = Readonly<Record<string, LogValue>>;

/**
 * Writes structured lines. `msg` is a constant sentence with a capital and a full stop; everything
 * variable is a field. Never a secret, a subject, a body, or an address that is not configured.
 */
export interface Logger {
  error(msg: string, fields?: LogFields): void;
  warn(msg: string, fields?: LogFields): void;
  info(msg: string, fields?: LogFields): void;
  /** Debug level 1 (the default): at most one line per folder pass. */
  debug(msg: string, fields?: LogFields): void;
  /** Debug level 2: per-email lines and wire traces. */
  trace(msg: string, fields?: LogFields): void;
  /** A logger whose lines carry these fields too. */
  with(fields: LogFields): Logger;
}
