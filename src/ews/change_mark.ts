import { LIMITS } from "../core/limits.ts";
import type { DatedFolder } from "./operations/find_folder.ts";

/**
 * `Folder.changeMark` of a folder in an answer of that time: when it changed last, and how much it
 * holds. Without one it does not say when, or what it says is too fresh to tell what comes after it.
 */
export function changeMarkOf(
  { changedAt, itemCount }: Pick<DatedFolder, "changedAt" | "itemCount">,
  serverTime: Date,
): string | undefined {
  if (!changedAt) return undefined;
  const ageMs = serverTime.getTime() - changedAt.getTime();
  if (ageMs < LIMITS.folderChangeSettledMs) return undefined;
  return `${changedAt.getTime()} ${itemCount ?? ""}`;
}
