import type { Entropy } from "../core/env.ts";

/** A random GUID (RFC 9562 version 4) that names a request in the server's logs. */
export function requestIdOf(entropy: Entropy): string {
  return "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replace(
    /x/g,
    () => Math.floor(entropy.next() * 16).toString(16),
  );
}
