import type { CallOptions, Env } from "../../core/env.ts";
import { LIMITS } from "../../core/limits.ts";
import type { Mailbox } from "../../core/mailbox.ts";
import { mapBounded } from "../../core/map_bounded.ts";
import type { StateStore } from "../../core/ports.ts";
import type { OpenDestination } from "../open_destination.ts";
import { counted } from "../counted.ts";
import { type CheckLine, fail, pass, warn } from "./check_line.ts";
import { withinCheckTime } from "./within_check_time.ts";

/** Whether the destination takes, gives back and deletes one small object; never an email. */
export async function checkDestination(
  { sink, signedInWith }: OpenDestination,
  place: string,
  { env, signal }: CallOptions & { readonly env: Env },
): Promise<CheckLine> {
  const about = { subject: "destination", of: place } as const;
  try {
    await withinCheckTime({ clock: env.clock, signal }, (options) => sink.probe(options));
    const way = signedInWith?.();
    const signedIn = way === undefined ? "" : `; signed in with: ${way}`;
    return pass(about, `one object was written, read and deleted${signedIn}`);
  } catch (thrown) {
    signal.throwIfAborted();
    return fail(about, thrown);
  }
}

/** Whether the states of all mailboxes can be read. */
export async function checkStates(
  states: StateStore,
  mailboxes: readonly Mailbox[],
  { env, signal }: CallOptions & { readonly env: Env },
): Promise<CheckLine> {
  const about = { subject: "state" } as const;
  try {
    return await withinCheckTime({ clock: env.clock, signal }, async (options) => {
      const all = await mapBounded(
        mailboxes,
        LIMITS.requestsInFlightMax,
        (mailbox) => states.read(mailbox, options),
      );
      const begun = all.filter(({ folders }) => folders.length > 0).length;
      const unreadable = all.flatMap((stored) => stored.unreadable);
      const finding = `${begun} of ${counted(mailboxes.length, "mailbox")} begun`;
      if (unreadable.length === 0) return pass(about, finding);
      return warn(
        about,
        `${finding}; unreadable: ${unreadable.join(", ")}`,
        "Nothing: the next run keeps these aside and lists their folders anew",
      );
    });
  } catch (thrown) {
    signal.throwIfAborted();
    return fail(about, thrown);
  }
}
