import type { ErrorKind } from "../core/errors.ts";

/** What is wrong with a connection, before it is known which one. */
export interface Diagnosis {
  readonly kind: ErrorKind;
  readonly code: string;
  /** What was found, to be put behind `Cannot connect to "host:port": `. */
  readonly finding: string;
  readonly hint: string;
}
