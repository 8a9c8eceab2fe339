import type { StateJson } from "../../tests/e2e/customer.ts";
import { filesBelow } from "../../tests/files_below.ts";

/** How many emails are on the appliance's record of skips, or are rebuilt, below a folder of states. */
export async function skippedIn(stateDir: string): Promise<number> {
  const paths = (await filesBelow(stateDir)).filter((path) => /\/folder-\w+\.json$/.test(path));
  let skipped = 0;
  for (const path of paths) {
    const state = JSON.parse(await Deno.readTextFile(path)) as StateJson;
    skipped += state.skipped.length;
  }
  return skipped;
}
