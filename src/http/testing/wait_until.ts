import { systemClock } from "../../runtime/system.ts";

/** Resolves when `condition` holds; a test that waits in vain is ended by its runner. */
export async function waitUntil(condition: () => boolean): Promise<void> {
  const forever = { signal: new AbortController().signal };
  while (!condition()) await systemClock.sleep(5, forever);
}
