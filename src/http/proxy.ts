import type { Secret } from "../core/secret.ts";

/**
 * An HTTP proxy on the way to a server. `https:` targets are reached by CONNECT, so that TLS is
 * with the server itself; `http:` targets in absolute form (RFC 9112, section 3.2.2).
 */
export interface HttpProxy {
  /** `http:`, or `https:` where the proxy itself speaks TLS. Of it, scheme, host and port count. */
  readonly url: URL;
  /** Both or none; for Basic, which is the only sign-in to a proxy that there is here. */
  readonly user?: string;
  readonly password?: Secret;
  /**
   * PEM certificates trusted for the proxy's own TLS on top of the roots of the process; default
   * none. What the server is trusted by does not count for the proxy, and the other way round.
   */
  readonly extraRoots?: readonly string[];
}

/** The value of `Proxy-Authorization` (RFC 7617, in UTF-8); absent without credentials. */
export function proxyAuthorizationOf({ user, password }: HttpProxy): string | undefined {
  if (user === undefined && password === undefined) return undefined;
  const pair = `${user ?? ""}:${password?.reveal() ?? ""}`;
  return `Basic ${new TextEncoder().encode(pair).toBase64()}`;
}
