import { isIP } from "node:net";
import { webUrlOf } from "./web_url.ts";

/** Scheme, name or bracketed address, and port, then any number of slashes. */
const HOST = /^(?:(https?):\/\/)?(\[[0-9A-Fa-f:.]+\]|[^\s/:?#@\\[\]]+)(?::([0-9]{1,5}))?\/*$/i;
const PORT_DEFAULT = 80;

export type Endpoint =
  | { readonly url: URL }
  /** `message` completes a problem at that key. */
  | { readonly fault: { readonly key: "host" | "port"; readonly message: string } };

/**
 * The EWS URL that `host` and `port` mean (spec section 2): `scheme://host:port/EWS/Exchange.asmx`.
 * With a scheme and no port it is the scheme's own. Without a scheme: https if the port is 443,
 * else http; without both, http on port 80.
 */
export function endpointOf(host: string, port: number | undefined): Endpoint {
  const bare = isIP(host) === 6 ? `[${host}]` : host;
  const [, scheme, name, inHost] = HOST.exec(bare) ?? [];
  if (name === undefined) return badHost();
  if (inHost !== undefined && port !== undefined && Number(inHost) !== port) {
    const message = `differs from the port ${Number(inHost)} that "host" ends in; give one of them`;
    return { fault: { key: "port", message } };
  }
  const chosen = inHost === undefined ? port : Number(inHost);
  const url = webUrlOf(`${originOf(scheme, name, chosen)}/EWS/Exchange.asmx`);
  return url ? { url } : badHost();
}

function originOf(scheme: string | undefined, name: string, port: number | undefined): string {
  if (scheme === undefined) {
    const effective = port ?? PORT_DEFAULT;
    return `${effective === 443 ? "https" : "http"}://${name}:${effective}`;
  }
  return port === undefined ? `${scheme}://${name}` : `${scheme}://${name}:${port}`;
}

function badHost(): Endpoint {
  const message =
    "must be a host name or address, with scheme and port if need be, without a path; " +
    'a full URL goes to "ews_endpoint"';
  return { fault: { key: "host", message } };
}
