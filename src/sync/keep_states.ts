import type { Folder, Mailbox } from "../core/mailbox.ts";
import { applySettings, stateFolderOf } from "../core/sync_state.ts";
import type { FolderPass } from "./folder_pass.ts";
import { takeOverStates } from "./take_over_states.ts";

type Upkeep = Pick<
  FolderPass,
  "states" | "source" | "fingerprint" | "startedAt" | "env" | "stop"
>;

/**
 * Brings the states of a mailbox in line with the folders it has now and with the settings: folders
 * that have other ids go on where they stopped (spec section 5, rule 8), one that is gone is marked, one
 * that came back or was renamed goes on, and what the settings add is to be listed (rule 7). `listed` is every folder the source shows, `selected` those that are synced.
 */
export async function keepStates(
  upkeep: Upkeep,
  mailbox: Mailbox,
  listed: readonly Folder[],
  selected: readonly Folder[],
): Promise<void> {
  const { states, fingerprint, source: { api }, stop } = upkeep;
  await takeOverStates(upkeep, mailbox, listed);
  await markGone(upkeep, mailbox, listed);
  let widened = 0;
  for (const folder of selected) {
    if (await keepState(upkeep, folder)) widened++;
  }
  await states.begin(selected, { api, fingerprint }, { signal: stop.aborted });
  if (widened === 0) return;
  upkeep.env.log.info("Settings changed; what they add is listed, nothing stored is refetched.", {
    mailbox: mailbox.address,
    folders: widened,
  });
}

async function markGone(
  { states, startedAt, env, stop }: Upkeep,
  mailbox: Mailbox,
  listed: readonly Folder[],
): Promise<void> {
  const present = new Set(listed.map(({ id }) => id));
  for (const state of states.all()) {
    if (present.has(state.folder.id) || state.goneSince) continue;
    await states.commit({ ...state, goneSince: startedAt }, { signal: stop.aborted });
    env.log.info("Folder is gone.", { mailbox: mailbox.address, folder: state.folder.path });
  }
}

/** Whether the settings add anything to the folder. */
async function keepState(
  { states, fingerprint, stop }: Upkeep,
  folder: Folder,
): Promise<boolean> {
  const options = { signal: stop.aborted };
  const known = states.of(folder);
  if (!known) return false;
  const { goneSince, ...current } = known;
  const { state, widened } = applySettings(
    { ...current, folder: stateFolderOf(folder) },
    fingerprint,
  );
  const isRenamed = !isSamePath(known.folder.path, folder.path) ||
    known.folder.role !== folder.role;
  if (widened || isRenamed || goneSince) await states.commit(state, options);
  else if (known.fingerprint !== fingerprint) await states.note(state, options);
  return widened;
}

function isSamePath(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}
