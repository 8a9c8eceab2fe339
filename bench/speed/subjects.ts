import { azurite, local, platform } from "./appliance.ts";
import { bare, engine, exchangelib } from "./clients.ts";
import { disk } from "./disk.ts";
import { idle } from "./idle.ts";
import { killed } from "./killed.ts";
import { start } from "./start.ts";

/** What can be measured. One that needs what another has written stands behind it in a scenario. */
export const SUBJECTS = {
  engine,
  bare,
  "exchangelib": exchangelib("plain"),
  "exchangelib-patched": exchangelib("patched"),
  local,
  platform,
  azurite,
  disk: disk("synced"),
  "disk-unsynced": disk("unsynced"),
  killed,
  idle,
  start,
} as const;

export type SubjectName = keyof typeof SUBJECTS;
