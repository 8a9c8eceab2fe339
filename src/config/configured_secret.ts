import type { Secret } from "../core/secret.ts";

/** A secret, and where it can be read again. */
export interface ConfiguredSecret {
  readonly value: Secret;
  /** Where it comes from a variable `…_FILE`: the file to read it from again. */
  readonly file?: string;
}
