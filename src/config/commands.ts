import { type OptionName, RUN_OPTION_NAMES } from "./options.ts";

/** Where a command finds what `run` has delivered; not all of it is in this version. */
const PLACE_OPTIONS = [
  "config",
  "local-files-prefix",
  "private-file-prefix",
  "reinfer-api-endpoint",
  "reinfer-api-prefix",
  "remote-config-owner",
  "remote-config-key",
  "state-dir",
] as const;

/** Where emails are stored that can be read back. */
const STORED_OPTIONS = ["config", "local-files-prefix", "private-file-prefix"] as const;
const REMOTE_OPTIONS = ["remote-config-owner", "remote-config-key"] as const;
/** Where a configuration is kept remotely. */
const REMOTE_PLACE_OPTIONS = [
  ...REMOTE_OPTIONS,
  "local-files-prefix",
  "private-file-prefix",
  "reinfer-api-endpoint",
  "reinfer-api-prefix",
] as const;

/** The options each command takes, in the order help lists them. */
const OPTIONS_OF = {
  "run": RUN_OPTION_NAMES,
  "check": [
    ...PLACE_OPTIONS,
    "mailbox",
    "json",
    "shard-name",
    "total-shards",
    "debug-level",
    "log-format",
    "help",
  ],
  "status": [...PLACE_OPTIONS, "url", "json", "shard-name", "total-shards", "help"],
  "verify": [
    ...PLACE_OPTIONS,
    "mailbox",
    "since",
    "repair",
    "shard-name",
    "total-shards",
    "debug-level",
    "log-format",
    "help",
  ],
  "resync": [...PLACE_OPTIONS, "mailbox", "folder", "since", "debug-level", "log-format", "help"],
  "push": [
    ...STORED_OPTIONS,
    "reinfer-api-endpoint",
    "reinfer-api-prefix",
    ...REMOTE_OPTIONS,
    "mailbox",
    "since",
    "dry-run",
    "shard-name",
    "total-shards",
    "debug-level",
    "log-format",
    "help",
  ],
  "export": [
    ...STORED_OPTIONS,
    "to",
    "force",
    ...REMOTE_OPTIONS,
    "mailbox",
    "since",
    "shard-name",
    "total-shards",
    "debug-level",
    "log-format",
    "help",
  ],
  "config pull": [...REMOTE_PLACE_OPTIONS, "to", "help"],
  "config push": [...REMOTE_PLACE_OPTIONS, "help"],
  "config validate": RUN_OPTION_NAMES,
  "config show": RUN_OPTION_NAMES,
  "version": ["help"],
} as const satisfies Record<string, readonly OptionName[]>;

/** A command this version has. */
export type Command = keyof typeof OPTIONS_OF;

export const COMMANDS = Object.keys(OPTIONS_OF) as readonly Command[];

/** The options a command takes. */
export function optionsOfCommand(command: Command): readonly OptionName[] {
  return OPTIONS_OF[command];
}
