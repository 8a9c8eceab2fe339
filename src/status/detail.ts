import { isIP } from "node:net";

/** How much is shown: everything, or no addresses, folder names, ids and servers' words. */
export type Detail = "full" | "summary";

/** What `--status` may say. */
export type StatusOption = Detail | "off";

/**
 * How much the answer to one request shows (spec section 8); `undefined`: there is no status page.
 *
 * On a loopback address only who came by a loopback name sees everything: a page on the internet
 * whose name was made to mean this machine (DNS rebinding) comes by that name.
 */
export function detailFor(
  option: StatusOption | undefined,
  boundTo: string,
  hostField: string | undefined,
): Detail | undefined {
  if (option === "off") return undefined;
  if (!isLoopback(boundTo)) return option ?? "summary";
  return option !== "summary" && isLoopback(hostOf(hostField)) ? "full" : "summary";
}

/** The host of a `Host` field (RFC 9112 section 3.2), in lower case and without port and brackets. */
function hostOf(field: string | undefined): string {
  const [, bracketed, plain = ""] = /^(?:\[([^\]]*)\]|([^:]*))(?::[0-9]*)?$/.exec(field ?? "") ??
    [];
  return (bracketed ?? plain).toLowerCase();
}

function isLoopback(host: string): boolean {
  if (host === "localhost" || host === "::1") return true;
  return isIP(host) === 4 && host.startsWith("127.");
}
