import { type ReadVariable, variableOf } from "./environment.ts";

/** How systemd wants to hear from the service it started (sd_notify(3), sd_watchdog_enabled(3)). */
export interface ServiceManagerPlace {
  /** Path of the socket it listens on. */
  readonly socket: string;
  /** A folder of the service's own that is gone with it; our end of the conversation lies there. */
  readonly folder: string;
  /** It restarts a service that is silent for this long, ms; absent: it does not watch. */
  readonly watchdogMs?: number;
}

/**
 * What systemd says in the environment. Undefined without it, and with a unit that has no
 * `RuntimeDirectory=`: the runtime sends datagrams from a socket with a path only.
 */
export function serviceManagerPlace(env: ReadVariable): ServiceManagerPlace | undefined {
  const socket = variableOf(env, "NOTIFY_SOCKET");
  // The first of several, between colons.
  const folder = variableOf(env, "RUNTIME_DIRECTORY")?.split(":")[0];
  // A name that begins with "@" is no path, and the runtime knows paths only.
  if (!socket?.startsWith("/") || !folder) return undefined;
  const watchdogMs = Number(variableOf(env, "WATCHDOG_USEC") ?? "") / 1_000;
  return { socket, folder, ...(watchdogMs > 0 ? { watchdogMs } : {}) };
}
