import type { Env } from "../core/env.ts";
import { LIMITS } from "../core/limits.ts";
import type { Folder } from "../core/mailbox.ts";
import { nextTryAt } from "../core/skipped_item.ts";
import { type FolderSyncState, isBehind } from "../core/sync_state.ts";
import type { FolderStates } from "./folder_states.ts";

/** Folders are asked again at different times, though a start asks all of them at once. */
const SPREAD = 0.2;

interface Reading {
  readonly changeMark: string;
  /** Of the monotonic clock. */
  readonly askAgainAtMs: number;
}

/**
 * Which folders of one mailbox need not be asked for their changes: those in which nothing was left
 * when they were asked last, whose mark was the same before that, and which have nothing else to do.
 * A mark is a server's word: each folder is asked after `LIMITS.unaskedFolderMsMax` at the latest,
 * whatever its mark says. In memory only: a process that starts asks every folder.
 */
export class QuietFolders {
  readonly #env: Pick<Env, "clock" | "entropy">;
  /** By folder id. */
  #readings = new Map<string, Reading>();

  constructor(env: Pick<Env, "clock" | "entropy">) {
    this.#env = env;
  }

  /**
   * Those folders of a listing that are to be asked. What was noted of them, and of folders that are
   * not in the listing, is forgotten.
   */
  takeDue(listed: readonly Folder[], states: FolderStates): readonly Folder[] {
    const quiet = new Map<string, Reading>();
    for (const folder of listed) {
      const state = states.of(folder);
      const reading = this.#readings.get(folder.id);
      if (!state || !reading || !this.#isQuiet(folder, reading, state)) continue;
      // The listing's own id would keep the whole answer it was cut from in memory.
      quiet.set(state.folder.id, reading);
    }
    this.#readings = quiet;
    return listed.filter(({ id }) => !quiet.has(id));
  }

  /** A folder was asked after `changeMark` was read, and nothing is left in it. */
  note({ folder: { id } }: FolderSyncState, changeMark: string | undefined): void {
    if (changeMark === undefined) return;
    const { clock, entropy } = this.#env;
    const waitMs = LIMITS.unaskedFolderMsMax * (1 - SPREAD * entropy.next());
    this.#readings.set(id, { changeMark, askAgainAtMs: clock.monotonicMs() + waitMs });
  }

  /** Every folder is to be asked. */
  forgetAll(): void {
    this.#readings.clear();
  }

  #isQuiet({ changeMark }: Folder, reading: Reading, state: FolderSyncState): boolean {
    return changeMark === reading.changeMark &&
      this.#env.clock.monotonicMs() < reading.askAgainAtMs &&
      !isBehind(state) && !this.#hasDueSkip(state);
  }

  #hasDueSkip({ skipped }: FolderSyncState): boolean {
    if (skipped.length === 0) return false;
    const now = this.#env.clock.now();
    return skipped.some((skip) => {
      const tryAt = nextTryAt(skip);
      return tryAt !== undefined && tryAt <= now;
    });
  }
}
