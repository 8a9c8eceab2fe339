import type { AppConfig } from "../config/app_config.ts";
import { suggestion } from "../config/nearest.ts";
import type { ResyncOptions } from "../config/resync_options.ts";
import type { Mailbox } from "../core/mailbox.ts";
import { firstSight, type FolderSyncState } from "../core/sync_state.ts";
import { leadsTo } from "../sync/folder_selection.ts";
import { settingsFingerprint } from "../sync/settings_fingerprint.ts";
import { type CommandContext, runCommand } from "./command.ts";
import { openDestination } from "./open_destination.ts";
import type { Console } from "./console.ts";
import { counted } from "./counted.ts";
import { EXIT, type ExitCode } from "./exit_code.ts";
import { minuteOf } from "../status/state_report.ts";
import { visible, visiblePath } from "../config/printable.ts";

/** `resync`: forgets how far a mailbox, or a folder and all below it, has come; keeps all data. */
export async function resync(
  options: ResyncOptions,
  config: AppConfig,
  console: Console,
): Promise<ExitCode> {
  const mailbox = configuredMailbox(options.mailbox, config, console);
  if (!mailbox) return EXIT.usageOrConfig;
  return await runCommand(
    options,
    config,
    console,
    (context) => forget(options, config, mailbox, context),
  );
}

/** The mailbox of that address; `undefined`, once said, if it is not configured. */
export function configuredMailbox(
  address: string,
  { mailboxes }: AppConfig,
  console: Console,
): Mailbox | undefined {
  const mailbox = mailboxes.find((candidate) => candidate.address === address);
  if (!mailbox) {
    const near = suggestion(address, mailboxes.map(({ address }) => address));
    console.complain(`reinfer-ews: Mailbox "${visible(address)}" is not configured${near}\n`);
  }
  return mailbox;
}

async function forget(
  options: ResyncOptions,
  config: AppConfig,
  mailbox: Mailbox,
  { env, stop, console }: CommandContext,
): Promise<ExitCode> {
  const { folder, since } = options;
  const signal = stop.aborted;
  await using destination = await openDestination(config, env);
  await using store = await destination.states.open(mailbox, { signal });
  const chosen = store.loaded.filter(({ folder: { path } }) => !folder || leadsTo(folder, path));
  if (chosen.length === 0) return nothingToForget(folder, store.loaded, mailbox, console);
  warnOfStart(since, mailbox, console);
  for (const state of chosen) {
    await store.save(forgotten(state, mailbox, since), { signal });
    console.print(`Forgotten: ${visiblePath(state.folder.path)}\n`);
  }
  console.print(
    `The next run of ${mailbox.address} lists ${counted(chosen.length, "folder")} again` +
      `${since ? ` from ${minuteOf(since)} on` : ""} and delivers under the same ids; ` +
      "stored emails are kept.\n",
  );
  return EXIT.done;
}

/**
 * A folder that is gone stays gone: it may come back yet. What is on the record of skips stays there,
 * or the original of a rebuilt email would no longer be waited for.
 */
function forgotten(state: FolderSyncState, mailbox: Mailbox, since?: Date): FolderSyncState {
  const { api, folder, goneSince, skipped } = state;
  const fingerprint = settingsFingerprint(mailbox);
  const anew = { ...firstSight(folder, { api, fingerprint, since }), skipped };
  return goneSince ? { ...anew, goneSince } : anew;
}

function nothingToForget(
  folder: readonly string[] | undefined,
  loaded: readonly FolderSyncState[],
  mailbox: Mailbox,
  console: Console,
): ExitCode {
  if (!folder || loaded.length === 0) {
    console.print(`${mailbox.address} has not begun; there is nothing to forget.\n`);
    return EXIT.done;
  }
  const paths = loaded.map((state) => visiblePath(state.folder.path));
  const near = suggestion(visiblePath(folder), paths);
  console.complain(
    `reinfer-ews: ${mailbox.address} has no folder "${visiblePath(folder)}"${near}\n`,
  );
  return EXIT.usageOrConfig;
}

function warnOfStart(since: Date | undefined, { startTimestamp }: Mailbox, console: Console): void {
  if (!since || !startTimestamp || since >= startTimestamp) return;
  console.complain(
    `reinfer-ews: Warning: start_timestamp ${startTimestamp.toISOString()} still holds; ` +
      "nothing received before it is delivered\n",
  );
}
