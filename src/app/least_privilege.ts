import type { DestinationConfig } from "../config/destination_config.ts";

/**
 * Gives up for good what this destination needs no permission for (spec section 4): to be called
 * before anything is read from a network. Other programs are run by the Azure CLI's credential only,
 * and files are written by local files and `--state-dir` only.
 */
export function giveUpPermissions(destination: DestinationConfig): void {
  if (destination.kind !== "azure") {
    Deno.permissions.revokeSync({ name: "run" });
    Deno.permissions.revokeSync({ name: "sys" });
  }
  const writes = destination.kind === "local" ||
    (destination.kind === "platform" && destination.stateDir !== undefined);
  if (!writes) Deno.permissions.revokeSync({ name: "write" });
}
