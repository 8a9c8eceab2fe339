/** Something wrong with, or worth a warning in, one place of the configuration. */
export interface Problem {
  /** The place: a key's path such as `mailboxes["a@b.c"].bucket.owner`, a variable, or a file. */
  readonly at: string;
  /** What was found there, printable and with secrets masked; absent where nothing was. */
  readonly value?: string;
  /** What is allowed or wrong, without capital and full stop. */
  readonly message: string;
}

/** A problem on one line, as an operator reads it. */
export function problemLine({ at, value, message }: Problem): string {
  return value === undefined ? `${at}: ${message}` : `${at} = ${value}: ${message}`;
}

/** Collects findings while a configuration is read, so that all are reported at once. */
export interface Findings {
  readonly problems: Problem[];
  readonly warnings: Problem[];
}

export function noFindings(): Findings {
  return { problems: [], warnings: [] };
}
