/**
 * One thing of the contract (spec sections 1 and 2) that is known and validated, but not built yet.
 * `key` is a key of the config file.
 */
export type MissingFeature =
  | { readonly command: string }
  | { readonly option: string }
  | { readonly key: string };

/**
 * Everything this version knows but cannot do; `run` refuses it with exit code 2. Whoever builds a
 * feature deletes its rows: help texts, suggestions and refusals follow from this table alone.
 */
export const NOT_IN_THIS_VERSION: readonly MissingFeature[] = [
  { key: "ews_ssl_ciphers" },
];

const MISSING_COMMANDS = new Set(
  NOT_IN_THIS_VERSION.flatMap((row) => "command" in row ? [row.command] : []),
);
const MISSING_OPTIONS = new Set(
  NOT_IN_THIS_VERSION.flatMap((row) => "option" in row ? [row.option] : []),
);

/** Whether a command, such as `config pull`, is known but not built yet. */
export function isMissingCommand(command: string): boolean {
  return MISSING_COMMANDS.has(command);
}

/** Whether an option, named without dashes, is known but not built yet. */
export function isMissingOption(option: string): boolean {
  return MISSING_OPTIONS.has(option);
}

/** How every refusal of something not built yet reads. `what` names the command, flag or key. */
export function notInThisVersion(what: string): string {
  return `${what}: not in this version`;
}
