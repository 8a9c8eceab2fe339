/** Where an effective value is from, in the order of precedence (spec section 1). */
export type Origin = "flag" | { readonly variable: string } | "file" | "remote file" | "default";

/** One effective value, as `config show` prints it. */
export interface Setting {
  /** An option such as `--once`, or the path of a key of the config file. */
  readonly key: string;
  /** Printable; secrets masked. */
  readonly value: string;
  readonly origin: Origin;
}

export function originText(origin: Origin): string {
  return typeof origin === "string" ? origin : `environment ${origin.variable}`;
}
