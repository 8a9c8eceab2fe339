import { BlockList, isIP } from "node:net";
import { type ReadVariable, variableOf } from "./environment.ts";
import { isLoopback } from "./web_url.ts";

/** A proxy that the environment asks for. Its value is left unread: it can hold a password. */
export type ProxyVariable = "HTTPS_PROXY" | "HTTP_PROXY";

/**
 * The variable whose proxy requests to `url` would go through, or undefined. `NO_PROXY` lists hosts
 * that are reached directly: `*`, a name with all below it (a leading dot changes nothing), an IP
 * address or a range such as `10.0.0.0/8`, each but a range with an optional port. Each variable
 * may be in lower case, as is the custom. This machine is never reached through a proxy.
 */
export function proxyVariableFor(url: URL, env: ReadVariable): ProxyVariable | undefined {
  const variable = url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY";
  if (anyCase(env, variable) === undefined || isLoopback(url)) return undefined;
  const exceptions = (anyCase(env, "NO_PROXY") ?? "").split(/[\s,]+/).filter(Boolean);
  return exceptions.some((exception) => excepts(exception, url)) ? undefined : variable;
}

function anyCase(env: ReadVariable, name: string): string | undefined {
  return variableOf(env, name) ?? variableOf(env, name.toLowerCase());
}

function excepts(exception: string, url: URL): boolean {
  if (exception === "*") return true;
  const host = url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
  if (exception.includes("/")) return isInRange(host, exception);
  const { name, port } = splitPort(exception.toLowerCase());
  if (port !== undefined && port !== portOf(url)) return false;
  if (isIP(name) !== 0) return isIP(host) !== 0 && isInRange(host, `${name}/${bitsOf(name)}`);
  if (isIP(host) !== 0) return false;
  const domain = name.replace(/^\*?\.+/, "").replace(/\.$/, "");
  return domain !== "" && (host === domain || host.endsWith(`.${domain}`));
}

/** `name`, `name:port`, `[v6]:port`, or an IPv6 address, whose colons begin no port. */
function splitPort(text: string): { readonly name: string; readonly port?: string } {
  if (isIP(text) === 6) return { name: text };
  const [, bracketed, plain, port] = /^(?:\[(.*)\]|([^:]*))(?::([0-9]+))?$/.exec(text) ?? [];
  const name = bracketed ?? plain ?? text;
  return port === undefined ? { name } : { name, port };
}

function portOf(url: URL): string {
  if (url.port !== "") return url.port;
  return url.protocol === "https:" ? "443" : "80";
}

function bitsOf(address: string): number {
  return isIP(address) === 4 ? 32 : 128;
}

function isInRange(host: string, range: string): boolean {
  const [network = "", bits = ""] = range.split("/");
  const version = isIP(network);
  if (version === 0 || isIP(host) !== version || !/^[0-9]{1,3}$/.test(bits)) return false;
  if (Number(bits) > bitsOf(network)) return false;
  const family = version === 4 ? "ipv4" : "ipv6";
  const list = new BlockList();
  list.addSubnet(network, Number(bits), family);
  return list.check(host, family);
}
