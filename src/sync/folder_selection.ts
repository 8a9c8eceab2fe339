import type { FolderLists } from "../core/mailbox.ts";

/**
 * Whether the folder with this path, from below the message root down, is to be synced (spec
 * section 2): the longest path of the lists that leads to it decides, and of two equal ones deny.
 * Names compare without case.
 */
export function isFolderSelected(
  path: readonly string[],
  lists: FolderLists | undefined,
): boolean {
  const denied = longestMatch(path, lists?.deny);
  const allowed = longestMatch(path, lists?.allow);
  if (denied > 0 || allowed > 0) return allowed > denied;
  return lists?.allow === undefined;
}

/** Number of names of the longest of `paths` that is `path` or leads to it; 0 if none does. */
function longestMatch(
  path: readonly string[],
  paths: readonly (readonly string[])[] | undefined,
): number {
  const lengths = (paths ?? []).filter((start) => leadsTo(start, path)).map(({ length }) => length);
  return Math.max(0, ...lengths);
}

/** Whether `start` is `path`, or the path of a folder above it. */
export function leadsTo(start: readonly string[], path: readonly string[]): boolean {
  return start.length <= path.length &&
    start.every((name, index) => folded(name) === folded(path[index]!));
}

function folded(name: string): string {
  return name.toLowerCase();
}
