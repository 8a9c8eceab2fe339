import type { Folder, Mailbox } from "../core/mailbox.ts";
import { type FolderSyncState, RECOVERY_MARGIN_MS } from "../core/sync_state.ts";
import { inheritSkipped, takeOver } from "../core/take_over.ts";
import type { FolderPass } from "./folder_pass.ts";
import { type Successions, successionsOf } from "./successions.ts";

type Upkeep = Pick<FolderPass, "states" | "source" | "env" | "stop">;

/**
 * Lets folders that have other ids than before go on where they stopped (spec section 5, rule 8). May
 * be killed at any point: every state is replaced before the first one is removed.
 */
export async function takeOverStates(
  upkeep: Upkeep,
  mailbox: Mailbox,
  listed: readonly Folder[],
): Promise<void> {
  const { states, source: { api }, stop } = upkeep;
  const options = { signal: stop.aborted };
  const before = states.all();
  const successions = successionsOf(before, listed, api);
  const { due, unfinished } = successions;
  for (const { from, folder } of due) {
    const here = states.of(folder);
    const successor = { api, folder, before: here?.api === api ? here : undefined };
    await states.commit(takeOver(from, successor), options);
  }
  for (const { from, by } of unfinished) {
    const state = inheritSkipped(states.of(by.folder) ?? by, from);
    if (state !== by) await states.commit(state, options);
  }
  const replaced = new Set(due.map(({ folder }) => folder.id));
  for (const { from } of [...due, ...unfinished]) {
    if (!replaced.has(from.folder.id)) await states.remove(from.folder.id, options);
  }
  report(upkeep, mailbox, before, successions);
}

/** One line for a mailbox, whatever it has of folders. */
function report(
  { source: { api }, env }: Upkeep,
  mailbox: Mailbox,
  before: readonly FolderSyncState[],
  { due, unfinished }: Successions,
): void {
  // Of what another program left, the store tells.
  const former = [...due, ...unfinished].map(({ from }) => from)
    .filter((from) => from.api !== "unknown");
  const fields = {
    mailbox: mailbox.address,
    folders: former.length,
    overlapMinutes: RECOVERY_MARGIN_MS / 60_000,
  };
  const others = before.filter((state) =>
    state.api !== api && state.api !== "unknown" && !state.goneSince
  );
  if (others.length > 0) {
    const found = new Set(former);
    env.log.info("Mailbox is read through another API now; its folders go on by their dates.", {
      ...fields,
      api,
      foldersGone: others.filter((state) => !found.has(state)).length,
    });
  } else if (former.length > 0) {
    env.log.info("Folders have other ids; they go on by their dates.", fields);
  }
}
