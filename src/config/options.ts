import { LIMITS } from "../core/limits.ts";
import { isMailboxAddress } from "./mail_address.ts";
import {
  azureLocationOf,
  bindAddressOf,
  configNameOf,
  filePathOf,
  folderPathOf,
  urlPathOf,
  wholeNumberOf,
} from "./option_values.ts";
import { shardNumberOf } from "./shard.ts";
import { TIMESTAMP_ALLOWED, timestampOf } from "./timestamp.ts";
import { secureUrlOf, webUrlOf } from "./web_url.ts";

/** One option of the command line (spec section 1). */
export interface OptionRule<T> {
  /** How help names its value, e.g. `FILE`; absent for a switch. */
  readonly placeholder?: string;
  /** What its value looks like, where the placeholder does not tell it to who reads no help. */
  readonly shape?: string;
  /** The value a text means, or undefined if it is not allowed. A switch decodes "". */
  readonly decode: (text: string) => T | undefined;
  /** What is allowed, completing "must be". */
  readonly allowed: string;
  /** What it does, for help: one line, without full stop. */
  readonly help: string;
  readonly fallback?: T;
}

const AZURE_LOCATION_SHAPE = "az://ACCOUNT/CONTAINER[/PREFIX]";

/** Every option `run` and the `config` commands know, in the order help lists them. */
const RUN_OPTIONS = {
  "config": valued("FILE", filePathOf, "a file path", "the config file, else REINFER_EWS_CONFIG"),
  "local-files-prefix": valued("DIR", filePathOf, "a folder path", "deliver to files below DIR"),
  "private-file-prefix": {
    ...valued(
      "AZ-URL",
      azureLocationOf,
      `${AZURE_LOCATION_SHAPE} with names as Azure allows them`,
      "deliver to Azure Blob Storage",
    ),
    shape: AZURE_LOCATION_SHAPE,
  },
  "reinfer-api-endpoint": valued(
    "URL",
    secureUrlOf,
    "an https URL (http only to this machine) without credentials, query and fragment",
    "deliver to the platform API at URL",
  ),
  "reinfer-api-prefix": {
    ...valued("PATH", urlPathOf, "an absolute URL path", "prefix of the API's private paths"),
    fallback: "/api/_private",
  },
  "remote-config-owner": remoteConfigName("OWNER", "owner of the config kept remotely"),
  "remote-config-key": remoteConfigName("KEY", "key of the config kept remotely"),
  "once": toggle("sync what is there now, then exit"),
  "retry-skipped": toggle("try emails on record as skipped first"),
  "restart-on-unrecoverable-errors": toggle("restart inside the process, do not exit"),
  "state-dir": valued("DIR", filePathOf, "a folder path", "keep full state on disk in DIR"),
  "shard-name": valued(
    "NAME",
    shardNumberOf,
    'a name that ends in "-" and digits, the number of the shard',
    "take the share of the number NAME ends in",
  ),
  "total-shards": valued(
    "N",
    (text) => wholeNumberOf(text, 1, LIMITS.shardsMax),
    `a whole number from 1 to ${LIMITS.shardsMax}`,
    "of N equal shares of the mailboxes",
  ),
  "bind": valued(
    "HOST:PORT",
    bindAddressOf,
    "HOST:PORT with a port from 0 to 65535, an IPv6 host in brackets",
    "serve health, metrics and the status page",
  ),
  "status": oneOf(["full", "summary", "off"], "how much the status page shows"),
  "debug-level": {
    ...oneOf(["0", "1", "2"], "0 none, 1 per folder (default), 2 per email"),
    fallback: "1" as const,
  },
  "log-format": oneOf(["text", "json"], "default: text on a terminal, else json"),
  "help": toggle("show this help"),
  "version": toggle("print the version"),
} satisfies Record<string, OptionRule<unknown>>;

/** Options that only other commands have. */
const OWN_OPTIONS = {
  "mailbox": valued(
    "ADDRESS",
    (text) => isMailboxAddress(text) ? text.toLowerCase() : undefined,
    "an email address, NAME@DOMAIN",
    "only this mailbox",
  ),
  "folder": valued(
    "PATH",
    folderPathOf,
    'folder names with "/" between them, or a JSON array of names for those that hold a "/"',
    "only this folder and all below it",
  ),
  "since": valued("TIME", timestampOf, TIMESTAMP_ALLOWED, "only emails received at or after TIME"),
  "to": valued("PATH", filePathOf, "a path", "where to write"),
  "force": toggle("replace files that are there"),
  "dry-run": toggle("count and check, and send nothing"),
  "repair": toggle("deliver what is missing"),
  "json": toggle("print one JSON document"),
  "url": valued(
    "URL",
    webUrlOf,
    "an http or https URL without credentials, query and fragment",
    "ask the instance that serves this URL",
  ),
} satisfies Record<string, OptionRule<unknown>>;

/** Every option there is. */
export const OPTIONS = { ...RUN_OPTIONS, ...OWN_OPTIONS };

export type OptionName = keyof typeof OPTIONS;

/** What was given on a command line, decoded; without fallbacks. */
export type OptionValues = {
  readonly [Name in OptionName]?: NonNullable<ReturnType<(typeof OPTIONS)[Name]["decode"]>>;
};

export const OPTION_NAMES = Object.keys(OPTIONS) as readonly OptionName[];
export const RUN_OPTION_NAMES = Object.keys(RUN_OPTIONS) as readonly OptionName[];

/** How a message asks for one of several options: each with what its value looks like. */
export function optionChoices(names: readonly OptionName[]): string {
  const choices = names.map((name) => {
    const { placeholder, shape = placeholder }: OptionRule<unknown> = OPTIONS[name];
    return `--${name} ${shape}`;
  });
  return choices.join(" or ");
}

function valued<T>(
  placeholder: string,
  decode: (text: string) => T | undefined,
  allowed: string,
  help: string,
) {
  return { placeholder, decode, allowed, help };
}

function toggle(help: string) {
  return {
    decode: (text: string): true | undefined => text === "" || undefined,
    allowed: "given without a value",
    help,
  };
}

function oneOf<const T extends string>(choices: readonly T[], help: string) {
  const list = `${choices.slice(0, -1).join(", ")} or ${choices.at(-1)}`;
  const decode = (text: string) => choices.find((choice) => choice === text);
  return valued(choices.join("|"), decode, list, help);
}

function remoteConfigName(placeholder: string, help: string) {
  const allowed = 'letters, digits, ".", "_" and "-", but not "." or ".."';
  return valued(placeholder, configNameOf, allowed, help);
}
