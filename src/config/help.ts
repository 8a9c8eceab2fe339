import { type Command, optionsOfCommand } from "./commands.ts";
import { type OptionName, type OptionRule, OPTIONS } from "./options.ts";

/** Help is for a terminal of this many columns. */
export const HELP_COLUMNS = 80;

const OVERVIEW = `\
reinfer-ews copies the mail of Exchange mailboxes to the platform, into files
or into Azure Blob Storage, and keeps up.

Usage: reinfer-ews [COMMAND] [OPTIONS]

Commands:
  run              sync mailboxes until told to stop; the default
  check            say what works and what to change, before anything is synced
  status           say how far each folder is, and what is skipped
  verify           compare the mailboxes with what is stored
  resync           forget a mailbox's progress, so that run lists it again
  push             send emails that lie in files or blobs to the platform
  export           write emails that lie in files or blobs as JSON lines
  config validate  say everything that is wrong with the configuration
  config show      print the effective configuration and where it is from
  config pull      print the configuration that is kept remotely
  config push      replace the configuration that is kept remotely
  version          print the version

"reinfer-ews COMMAND --help" explains a command and its options.

Example:
  reinfer-ews run --config config.json --local-files-prefix mail --once
`;

const RUN = `\
Syncs the configured mailboxes until told to stop.

Usage: reinfer-ews [run] DESTINATION [OPTIONS]

DESTINATION is one of these, with AZ-URL as az://ACCOUNT/CONTAINER[/PREFIX]:
  --local-files-prefix DIR, --private-file-prefix AZ-URL or
  --reinfer-api-endpoint URL, which needs the variable REINFER_API_TOKEN

Options:
${optionLines(optionsOfCommand("run"))}

Environment:
  REINFER_EWS_CONFIG                            the config file
  REINFER_EWS_AUTH_USER, REINFER_EWS_AUTH_PASS  sign-in to Exchange
  REINFER_EWS_AUTH_PASS_FILE                    a file with the password
  REINFER_EWS_HOST, REINFER_EWS_PORT            the Exchange server
  REINFER_EWS_ACCESS_TYPE                       delegate or impersonation
  REINFER_EWS_ALLOWED_HOSTS                     the only hosts to sign in to
  REINFER_API_TOKEN, REINFER_API_TOKEN_FILE     the token of the platform
  AZURE_STORAGE_CONNECTION_STRING, AZURE_...    sign-in to Azure, as it is usual
  HTTPS_PROXY, HTTP_PROXY, NO_PROXY             proxies

Exit codes: 0 done, 1 finished with failures, 2 usage or configuration,
3 credentials or permission, 4 destination unusable at start, 5 internal error.

Example:
  reinfer-ews run --config config.json --local-files-prefix mail
`;

/** What these options mean to the commands that look at what `run` has delivered. */
const DELIVERED = {
  "local-files-prefix": 'the DIR that "run" delivers to',
  "private-file-prefix": 'the blobs that "run" delivers to',
  "reinfer-api-endpoint": 'the platform that "run" delivers to',
} as const;

/** What they mean to the commands that work on a remote configuration. */
const REMOTE = {
  "local-files-prefix": "kept below DIR/config",
  "private-file-prefix": "kept as a blob below config/",
  "reinfer-api-endpoint": "kept on the platform at URL",
  "to": "the file to write, else standard output",
} as const;

const CHECK = `\
Looks at everything that run needs and says in a minute what works and what to
change: configuration, proxy, DNS, TLS, clock, sign-in, each mailbox with its
folders, the destination. Changes nothing in any mailbox and fetches no email.

Usage: reinfer-ews check DESTINATION [OPTIONS]

Options:
${commandLines("check", DELIVERED)}

Exit codes: 0 all of it works, 1 something does not, 2 usage or configuration,
3 credentials or permission, 4 destination unusable, 5 internal error.

Example:
  reinfer-ews check --config config.json --local-files-prefix mail
`;

const STATUS = `\
Says how far each folder of each mailbox is: its state, until when it is
synced, what is behind, what is skipped and why. Reads the state that "run"
keeps, connects to nothing and disturbs no instance; or with --url asks the
instance that serves URL ("run --bind"), which knows what it does just now.

Usage: reinfer-ews status DESTINATION [OPTIONS]
       reinfer-ews status --url URL [--json]

Options:
${commandLines("status", DELIVERED)}

Exit codes: 0 done, 1 no such instance answers, 2 usage or configuration,
4 destination unusable, 5 internal error.

Example:
  reinfer-ews status --config config.json --local-files-prefix mail
`;

const VERIFY = `\
Compares the mailboxes with what is stored, without fetching any content: how
many emails each folder has, how many are stored, which are missing. Changes
nothing, and may run beside an instance, unless told to repair.

Usage: reinfer-ews verify DESTINATION [OPTIONS]

Options:
${commandLines("verify", DELIVERED)}

With --repair, no other instance may be running on these mailboxes.
TIME is an ISO 8601 date or date-time; without an offset, UTC.

Exit codes: 0 nothing is missing, 1 something is, or is skipped, or failed,
2 usage or configuration, 3 credentials or permission, 4 destination unusable,
5 internal error.

Example:
  reinfer-ews verify --config config.json --local-files-prefix mail \\
    --mailbox support@contoso.com --since 2026-01-01 --repair
`;

const RESYNC = `\
Forgets the progress of a mailbox, so that the next run lists it again. What is
stored stays: it is recognised, its metadata is brought up to date, and what is
missing is delivered under the same ids. No instance may be running on it.

Usage: reinfer-ews resync DESTINATION --mailbox ADDRESS [OPTIONS]

Options:
${
  commandLines("resync", {
    ...DELIVERED,
    "mailbox": "the mailbox; always needed",
    "since": "list only what was received at or after TIME",
  })
}

PATH is folder names with "/" between them, from the top-level folder down, or
a JSON array of names where a name holds a "/": '["Projects", "A/B"]'.
TIME is an ISO 8601 date or date-time; without an offset, UTC.

Exit codes: 0 done, 1 the mailbox is in use, 2 usage or configuration,
4 destination unusable, 5 internal error.

Example:
  reinfer-ews resync --config config.json --local-files-prefix mail \\
    --mailbox support@contoso.com --folder Inbox/2026
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

const PUSH = `\
Sends emails that lie in files or blobs to the buckets of the platform that the
configuration names. One that is stopped goes on where it was when it is begun
again with the same options; one that is finished begins anew.

Usage: reinfer-ews push STORED --reinfer-api-endpoint URL [OPTIONS]

STORED is --local-files-prefix DIR or --private-file-prefix AZ-URL, where run
has delivered to; the variable REINFER_API_TOKEN is needed.

Options:
${commandLines("push", { ...DELIVERED, "reinfer-api-endpoint": "the platform to send to" })}

Exit codes: 0 all were sent, 1 some are damaged or refused or it was stopped,
2 usage or configuration, 4 platform or storage unusable, 5 internal error.

Example:
  reinfer-ews push --config config.json --local-files-prefix mail \\
    --reinfer-api-endpoint https://MYDOMAIN.reinfer.io/api/
`;

const EXPORT = `\
Writes emails that lie in files or blobs as JSON lines, which the platform's own
command line takes: one file DIR/OWNER/BUCKET.jsonl for each bucket.

Usage: reinfer-ews export STORED --to DIR [OPTIONS]

STORED is --local-files-prefix DIR or --private-file-prefix AZ-URL, where run
has delivered to.

Options:
${commandLines("export", { ...DELIVERED, "to": "the folder to write below" })}

Exit codes: 0 all were written, 1 some are damaged and left out, 2 usage or
configuration, 4 a file or the storage is unusable, 5 internal error.

Example:
  reinfer-ews export --config config.json --local-files-prefix mail --to lines
`;

const CONFIG_PULL = `\
Prints the configuration that is kept remotely, secrets included, or writes it
to a file that nobody else may read.

Usage: reinfer-ews config pull PLACE --remote-config-owner OWNER
         --remote-config-key KEY [--to FILE]

Options:
${commandLines("config pull", REMOTE)}

Example:
  reinfer-ews config pull --private-file-prefix az://ACCOUNT/CONTAINER \\
    --remote-config-owner acme --remote-config-key prod --to config.json
`;

const CONFIG_PUSH = `\
Replaces the configuration that is kept remotely by FILE, unless run would
refuse it. What the appliance's environment adds has to be set here, too.

Usage: reinfer-ews config push FILE PLACE --remote-config-owner OWNER
         --remote-config-key KEY

Options:
${commandLines("config push", REMOTE)}

Example:
  reinfer-ews config push config.json --local-files-prefix mail \\
    --remote-config-owner acme --remote-config-key prod
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
  ["check", CHECK],
  ["status", STATUS],
  ["verify", VERIFY],
  ["resync", RESYNC],
  ["config", CONFIG],
  ["config validate", CONFIG_VALIDATE],
  ["config show", CONFIG_SHOW],
  ["push", PUSH],
  ["export", EXPORT],
  ["config pull", CONFIG_PULL],
  ["config push", CONFIG_PUSH],
  ["version", VERSION],
]);

/** The help of a command ("" for the program), or undefined if there is no such command. */
export function helpText(command: string): string | undefined {
  return TEXTS.get(command);
}

/** What an option means to one command, where that differs from its own help. */
type HelpOf = Readonly<Partial<Record<OptionName, string>>>;

function commandLines(command: Command, helpOf: HelpOf): string {
  return optionLines(optionsOfCommand(command), helpOf);
}

/** Options, aligned, one line each. */
function optionLines(names: readonly OptionName[], helpOf: HelpOf = {}): string {
  const rules: Record<OptionName, OptionRule<unknown>> = OPTIONS;
  const rows = names.map((name) => {
    const { placeholder, help } = rules[name];
    const left = placeholder ? `--${name} ${placeholder}` : `--${name}`;
    return { left, help: helpOf[name] ?? help };
  });
  const width = Math.max(...rows.map(({ left }) => left.length));
  return rows.map(({ left, help }) => `  ${left.padEnd(width)}  ${help}`).join("\n");
}
