import type { Logger } from "../core/env.ts";
import type { Folder, Mailbox } from "../core/mailbox.ts";
import { leadsTo } from "./folder_selection.ts";

/** Tells once of each path in a mailbox's folder lists that leads to no folder it has. */
export class UnmatchedLists {
  readonly #log: Logger;
  readonly #told = new Set<string>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** `folders`: every folder of the mailbox, whether it is selected or not. */
  report({ address, folders: lists }: Mailbox, folders: readonly Folder[]): void {
    this.#reportList(address, "folder_allowlist", lists?.allow ?? [], folders);
    this.#reportList(address, "folder_denylist", lists?.deny ?? [], folders);
  }

  #reportList(
    mailbox: string,
    key: string,
    paths: readonly (readonly string[])[],
    folders: readonly Folder[],
  ): void {
    for (const path of paths) {
      const told = JSON.stringify([key, path]);
      if (this.#told.has(told) || folders.some((folder) => leadsTo(path, folder.path))) continue;
      this.#told.add(told);
      this.#log.warn("The mailbox has no folder that a list names.", {
        mailbox,
        key,
        folder: path,
        hint: "Compare with the folder names in the mailbox itself: they begin below its root, " +
          "in the mailbox's own language.",
      });
    }
  }
}
