import type { CallOptions, Env } from "../../core/env.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Folder, Mailbox } from "../../core/mailbox.ts";
import { mapBounded } from "../../core/map_bounded.ts";
import type { MailboxStates, MailSource, MailSurvey, StateStore } from "../../core/ports.ts";
import { isFolderSelected } from "../../sync/folder_selection.ts";
import { counted } from "../counted.ts";
import { earliest, hasBacklog, isNotBegun, minuteOf } from "../../status/state_report.ts";
import { type CheckLine, fail, pass, warn } from "./check_line.ts";
import { withinCheckTime } from "./within_check_time.ts";

export interface MailboxCheck {
  readonly source: MailSource & MailSurvey;
  /** Absent: the destination cannot be used, which is said where it is looked at. */
  readonly states?: StateStore;
  readonly env: Env;
}

/**
 * Whether a mailbox can be opened, what would be synced of it and from where on. Reads its folders
 * and counts; neither a property nor the content of any email.
 */
export async function checkMailbox(
  { source, states, env }: MailboxCheck,
  mailbox: Mailbox,
  { signal }: CallOptions,
): Promise<CheckLine> {
  const about = { subject: "mailbox", of: mailbox.address } as const;
  try {
    return await withinCheckTime({ clock: env.clock, signal }, async (options) => {
      // One attempt: what is wrong with the mailbox is to be said at once.
      await source.probe(mailbox, options);
      const { folders } = await source.folders(mailbox, options);
      const selected = folders.filter(({ path }) => isFolderSelected(path, mailbox.folders));
      const stored = await states?.read(mailbox, options);
      const start = stored
        ? await startOf(source, { mailbox, selected, stored }, options)
        : "from where on is not known without the destination";
      const places = await source.unsyncedPlaces(mailbox, options);
      const finding = [
        `${selected.length} of ${counted(folders.length, "mail folder")}`,
        start,
        ...(places.length > 0 ? [`not synced, as always: ${places.join(", ")}`] : []),
      ].join("; ");
      if (selected.length > 0) return pass(about, finding);
      return warn(about, finding, "Check folder_allowlist and folder_denylist of this mailbox");
    });
  } catch (thrown) {
    signal.throwIfAborted();
    return fail(about, thrown);
  }
}

interface StartOf {
  readonly mailbox: Mailbox;
  readonly selected: readonly Folder[];
  readonly stored: MailboxStates;
}

/** From where the next run goes on, and how much that is. */
async function startOf(
  source: MailSurvey,
  { mailbox, selected, stored }: StartOf,
  options: CallOptions,
): Promise<string> {
  if (!isNotBegun(stored) && mailbox.startFrom === "bucket") return goesOn(stored);
  const { startTimestamp: since } = mailbox;
  if (!since) {
    const count = selected.reduce((sum, { itemCount = 0 }) => sum + itemCount, 0);
    return `will begin with the oldest of ${counted(count, "item")}`;
  }
  const counts = await mapBounded(
    selected,
    LIMITS.foldersInFlight,
    (folder) => source.countItems({ mailbox, folder }, since, options),
  );
  const count = counts.reduce((sum, one) => sum + one, 0);
  return `will begin at ${minuteOf(since)}: ${counted(count, "item")} since`;
}

function goesOn({ folders, unreadable }: MailboxStates): string {
  const behind = folders.filter(hasBacklog).length;
  // The folder furthest behind counts, and one that has not got anywhere yet more than all.
  const places = folders.filter(({ goneSince }) => !goneSince).map((state) => state.syncedUntil);
  const known = places.filter((time) => time !== undefined);
  const until = known.length === places.length ? earliest(known) : undefined;
  return [
    `goes on from the state of ${counted(folders.length, "folder")}`,
    ...(until ? [`synced until ${minuteOf(until)}`] : []),
    ...(behind > 0 ? [`${behind} with backlog`] : []),
    ...(unreadable.length > 0 ? [`${unreadable.length} unreadable`] : []),
  ].join(", ");
}
