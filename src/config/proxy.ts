import { BlockList, isIP } from "node:net";
import { Secret } from "../core/secret.ts";
import { type ReadVariable, variableOf } from "./environment.ts";
import type { Findings } from "./problem.ts";
import { isLoopback } from "./web_url.ts";

/** A proxy on the way to a server. */
export interface ProxyConfig {
  /** `http:`, or `https:` where the proxy itself speaks TLS. Without credentials. */
  readonly url: URL;
  /** Both or none: for Basic sign-in to the proxy. */
  readonly user?: string;
  readonly password?: Secret;
}

/**
 * The proxy that requests to `url` go through; undefined: none, or one that cannot be used, which is
 * a problem in `findings`, once. A value is `http://user:password@host:port`, all but the host
 * optional (port 80, with https 443), with special characters in user and password percent-encoded.
 */
export function proxyFor(
  url: URL,
  env: ReadVariable,
  findings: Findings,
): ProxyConfig | undefined {
  const variable = proxyVariableFor(url, env);
  if (variable === undefined) return undefined;
  const read = readProxy((anyCase(env, variable) ?? "").trim());
  if ("url" in read) return read;
  // The value is not shown: wherever it is wrong, some of it can be a password.
  if (!findings.problems.some(({ at }) => at === variable)) {
    findings.problems.push({ at: variable, message: read.fault });
  }
  return undefined;
}

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

const SCHEME = /^([A-Za-z][A-Za-z0-9+.-]*):\/\//;

function readProxy(value: string): ProxyConfig | { readonly fault: string } {
  const scheme = SCHEME.exec(value)?.[1]?.toLowerCase() ?? "http";
  if (scheme !== "http" && scheme !== "https") {
    return { fault: "must name an HTTP proxy, http:// or https://; SOCKS is not supported" };
  }
  const text = SCHEME.test(value) ? value : `http://${value}`;
  const shape = "must be of the form http://user:password@host:port, user and password optional";
  if (/[\s\p{C}\\]/u.test(text) || !URL.canParse(text)) return { fault: shape };
  const url = new URL(text);
  if (url.hostname === "" || url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    return { fault: `${shape}, with special characters such as / ? # in them percent-encoded` };
  }
  const user = decoded(url.username);
  const password = decoded(url.password);
  if (user === undefined || password === undefined) {
    return { fault: "holds a % that begins no percent-encoding; write %25 for it" };
  }
  const proxy = { url: new URL(url.origin) };
  if (user === "" && password === "") return proxy;
  if (user.includes(":")) {
    return { fault: "has a colon in the user name, which Basic sign-in cannot send" };
  }
  return { ...proxy, user, password: new Secret(password) };
}

/** Undefined: not percent-encoded as it should be. */
function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
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
