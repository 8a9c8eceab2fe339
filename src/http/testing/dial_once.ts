/**
 * Opens one connection to the URL in the first argument, as the program does, and prints the code of
 * the failure or `connected`. A process of its own, because roots are read once in each.
 */
import { SyncError } from "../../core/errors.ts";
import { systemClock } from "../../runtime/system.ts";
import { dial } from "../dial.ts";

// As in main.ts.
Deno.env.set("DENO_TLS_CA_STORE", "system,mozilla");

try {
  await dial(new URL(Deno.args[0]!), {
    trust: { verify: true, extraRoots: [] },
    clock: systemClock,
    signal: new AbortController().signal,
  });
  console.log("connected");
} catch (error) {
  if (!(error instanceof SyncError)) throw error;
  console.log(`${error.kind} ${error.code} ${error.message}`);
}
Deno.exit(0);
