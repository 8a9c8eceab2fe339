import { isMissingOption } from "./not_in_this_version.ts";
import { OPTION_NAMES, type OptionName, type OptionRule, OPTIONS } from "./options.ts";

/** Help is for a terminal of this many columns. */
export const HELP_COLUMNS = 80;

const OVERVIEW = `\
reinfer-ews copies the mail of Exchange mailboxes into files, and keeps up.

Usage: reinfer-ews [COMMAND] [OPTIONS]

Commands:
  run              sync mailboxes until told to stop; the default
  config validate  say everything that is wrong with the configuration
  config show      print the effective configuration and where it is from
  version          print the version

"reinfer-ews COMMAND --help" explains a command and its options.

Example:
  reinfer-ews run --config config.json --local-files-prefix mail --once
`;

const RUN = `\
Syncs the configured mailboxes until told to stop.

Usage: reinfer-ews [run] --local-files-prefix DIR [OPTIONS]

Options:
${optionLines(OPTION_NAMES)}

Environment:
  REINFER_EWS_CONFIG                            the config file
  REINFER_EWS_AUTH_USER, REINFER_EWS_AUTH_PASS  sign-in to Exchange
  REINFER_EWS_AUTH_PASS_FILE                    a file with the password
  REINFER_EWS_HOST, REINFER_EWS_PORT            the Exchange server
  REINFER_EWS_ACCESS_TYPE                       delegate or impersonation
  REINFER_EWS_ALLOWED_HOSTS                     the only hosts to sign in to

Exit codes: 0 done, 1 finished with failures, 2 usage or configuration,
3 credentials or permission, 4 destination unusable at start, 5 internal error.

Example:
  reinfer-ews run --config config.json --local-files-prefix mail
`;

const CONFIG = `\
Looks at the configuration without connecting to anything.

Usage: reinfer-ews config validate|show [OPTIONS]

Commands:
  validate  say everything that is wrong with the configuration
  show      print the effective configuration and where it is from

Example:
  reinfer-ews config validate --config config.json
`;

const CONFIG_OPTIONS = `\
Options:
${optionLines(["config", "help"])}
The options of "run" are accepted too, and checked.
`;

const CONFIG_VALIDATE = `\
Says everything that is wrong with the configuration, and exits with 2 if
anything is.

Usage: reinfer-ews config validate [OPTIONS]

${CONFIG_OPTIONS}
Example:
  reinfer-ews config validate --config config.json
`;

const CONFIG_SHOW = `\
Prints the effective configuration: each value and where it is from. Secrets
are masked.

Usage: reinfer-ews config show [OPTIONS]

${CONFIG_OPTIONS}
Example:
  reinfer-ews config show --config config.json
`;

const VERSION = `\
Prints the version.

Usage: reinfer-ews version

Example:
  reinfer-ews version
`;

const TEXTS: ReadonlyMap<string, string> = new Map([
  ["", OVERVIEW],
  ["run", RUN],
  ["config", CONFIG],
  ["config validate", CONFIG_VALIDATE],
  ["config show", CONFIG_SHOW],
  ["version", VERSION],
]);

/** The help of a command ("" for the program), or undefined if there is no such command. */
export function helpText(command: string): string | undefined {
  return TEXTS.get(command);
}

/** Options this version has, aligned, one line each. */
function optionLines(names: readonly OptionName[]): string {
  const rules: Record<OptionName, OptionRule<unknown>> = OPTIONS;
  const rows = names.filter((name) => !isMissingOption(name)).map((name) => {
    const { placeholder, help } = rules[name];
    return { left: placeholder ? `--${name} ${placeholder}` : `--${name}`, help };
  });
  const width = Math.max(...rows.map(({ left }) => left.length));
  return rows.map(({ left, help }) => `  ${left.padEnd(width)}  ${help}`).join("\n");
}
