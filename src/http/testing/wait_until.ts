import { systemClock } from "../../runtime/system.ts";

/** Resolves when `condition` holds; a test that waits in vain is ended by its runner. */
export async function waitUntil(condition: () => boolean | Promise<boolean>): Promise<void> {
  const forever = { signal: new AbortController().signal };
  while (!await condition()) await systemClock.sleep(5, forever);
}
