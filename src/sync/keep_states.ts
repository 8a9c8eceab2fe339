import type { Folder, Mailbox } from "../core/mailbox.ts";
import { applySettings, type FolderSyncState, takeOver } from "../core/sync_state.ts";
import type { FolderPass } from "./folder_pass.ts";

type Upkeep = Pick<FolderPass, "states" | "fingerprint" | "startedAt" | "env" | "stop">;

/**
 * Brings the states of a mailbox in line with the folders it has now and with the settings: a folder
 * that is gone is marked, one that came back or was renamed goes on, in a mailbox that was moved between
 * servers each takes over from the one of its path (spec section 5, rule 8), and what the settings
 * add is to be listed (rule 7). `listed` is every folder the source shows, `selected` those that are synced.
 */
export async function keepStates(
  upkeep: Upkeep,
  mailbox: Mailbox,
  listed: readonly Folder[],
  selected: readonly Folder[],
): Promise<void> {
  await markGone(upkeep, mailbox, listed);
  // Only where all ids are new was the mailbox moved. A single folder may have come from where it was
  // not synced, with mail older than what its predecessor's position vouches for.
  const isMoved = !listed.some((folder) => upkeep.states.of(folder));
  let widened = 0;
  for (const folder of selected) {
    if (isMoved) await takePlace(upkeep, mailbox, folder);
    if (await keepState(upkeep, folder)) widened++;
  }
  await upkeep.states.begin(selected, upkeep.fingerprint, { signal: upkeep.stop.aborted });
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
  const { state, widened } = applySettings({ ...current, folder: pathOf(folder) }, fingerprint);
  const isRenamed = !isSamePath(known.folder.path, folder.path);
  if (widened || isRenamed || goneSince) await states.commit(state, options);
  else if (known.fingerprint !== fingerprint) await states.note(state, options);
  return widened;
}

/** Lets a folder go on where one of the same path that is gone stopped, if there is one. */
async function takePlace(
  { states, env, stop }: Upkeep,
  mailbox: Mailbox,
  folder: Folder,
): Promise<void> {
  const gone = states.all().find((state) =>
    state.goneSince && isSamePath(state.folder.path, folder.path)
  );
  if (!gone) return;
  const options = { signal: stop.aborted };
  await states.commit(takeOver(gone, folder), options);
  await states.remove(gone.folder.id, options);
  env.log.info("Folder has another id; it goes on where the one before it stopped.", {
    mailbox: mailbox.address,
    folder: folder.path,
  });
}

function pathOf({ id, path }: Folder): FolderSyncState["folder"] {
  return { id, path };
}

function isSamePath(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, index) => name === b[index]);
}
