import { isIP } from "node:net";
import { webUrlOf } from "./web_url.ts";

/**
 * The hosts a comma-separated list names, as URLs spell them; undefined if it names none or an
 * entry is no host (a scheme, port, path or wildcard is not part of one).
 */
export function hostListOf(list: string): ReadonlySet<string> | undefined {
  const hosts = new Set<string>();
  for (const entry of list.split(",").map((part) => part.trim())) {
    if (entry === "") continue;
    const host = hostOf(entry);
    if (host === undefined) return undefined;
    hosts.add(host);
  }
  return hosts.size > 0 ? hosts : undefined;
}

function hostOf(entry: string): string | undefined {
  const authority = isIP(entry) === 6 ? `[${entry}]` : entry;
  if (!/^(\[[0-9A-Fa-f:.]+\]|[^:/?*[\]]+)$/.test(authority)) return undefined;
  return webUrlOf(`https://${authority}/`)?.hostname;
}
