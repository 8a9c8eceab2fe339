import type { DestinationPlace } from "../config/destination_place.ts";

/** What a command works with, as far as permissions depend on it. */
export interface PermissionNeeds {
  /** Destinations, and whatever else is read from a place of that kind. */
  readonly places: readonly DestinationPlace[];
  /** Whether files are written beside those of local places. */
  readonly writesFiles: boolean;
}

/**
 * Gives up for good what a command needs no permission for (spec section 4): to be called before
 * anything is read from a network. Programs are run, and the service is told on what, for Azure only;
 * files are written by local files and `--state-dir`.
 */
export function giveUpPermissions({ places, writesFiles }: PermissionNeeds): void {
  if (!places.some(({ kind }) => kind === "azure")) {
    Deno.permissions.revokeSync({ name: "run" });
    Deno.permissions.revokeSync({ name: "sys", kind: "osRelease" });
  }
  if (!writesFiles && !places.some(isWritten)) Deno.permissions.revokeSync({ name: "write" });
}

/** Gives up for good the loading of native libraries. What is loaded goes on working. */
export function giveUpLibraries(): void {
  Deno.permissions.revokeSync({ name: "ffi" });
}

function isWritten(place: DestinationPlace): boolean {
  return place.kind === "local" || (place.kind === "platform" && place.stateDir !== undefined);
}
