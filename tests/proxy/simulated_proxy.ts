import type { CertificateWithKey } from "../../src/http/testing/certificates.ts";
import {
  encodeResponse,
  WireReader,
  type WireRequest,
  writeAll,
} from "../../src/http/testing/http_wire.ts";
import { TestServer } from "../../src/http/testing/test_server.ts";

export interface SimulatedProxyOptions {
  /** The proxy speaks TLS itself, with this certificate, for `localhost`. */
  readonly certificate?: CertificateWithKey;
  /** `user:password` that it demands in Basic. */
  readonly credentials?: string;
  /** The names it resolves: `host:port` of a target, and the loopback port that stands for it. */
  readonly hosts?: Readonly<Record<string, number>>;
}

/** How the proxy misbehaves; every switch may be turned while it runs. */
export interface ProxySwitches {
  /** Answers everything with these bytes, then keeps the connection open; empty: no answer. */
  rawAnswer: Uint8Array | undefined;
  /** Closes every connection behind the first request, after `rawAnswer`. */
  closes: boolean;
  /** Values of `Proxy-Authenticate` in a 407. */
  challenges: readonly string[];
  /** Sends its consent to a tunnel byte by byte. */
  dribbles: boolean;
  /** Forwards each http request on a connection of its own, so that NTLM cannot work. */
  splitsConnections: boolean;
}

/** A request as the proxy saw it. */
export type ProxiedRequest = Pick<WireRequest, "method" | "path" | "headers">;

/**
 * An HTTP proxy on a loopback port: CONNECT for https, absolute form for http (RFC 9110 and 9112).
 * It reaches only the hosts it was given, which need not exist for anybody else.
 */
export class SimulatedProxy implements AsyncDisposable {
  readonly switches: ProxySwitches = {
    rawAnswer: undefined,
    closes: false,
    challenges: ['Basic realm="proxy"'],
    dribbles: false,
    splitsConnections: false,
  };
  readonly requests: ProxiedRequest[] = [];
  readonly #options: SimulatedProxyOptions;
  readonly #server: TestServer;
  readonly #upstreams = new Set<Deno.Conn>();

  constructor(options: SimulatedProxyOptions = {}) {
    this.#options = options;
    this.#server = new TestServer((conn) => this.#serve(conn), options.certificate);
  }

  /** Where it listens; without credentials. */
  get url(): URL {
    return this.#server.url();
  }

  /** Connections from clients accepted so far that are open. */
  get openConnections(): number {
    return this.#server.openConnections;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const upstream of this.#upstreams) closeQuietly(upstream);
    await this.#server[Symbol.asyncDispose]();
  }

  async #serve(conn: Deno.Conn): Promise<void> {
    const reader = new WireReader(conn);
    let upstream: Deno.Conn | undefined;
    const answers: Promise<void>[] = [];
    try {
      for (let request = await reader.next(); request; request = await reader.next()) {
        this.requests.push(request);
        const refusal = this.#refusalOf(request);
        if (refusal) await writeAll(conn, refusal);
        if (this.switches.closes) return;
        if (refusal) continue;
        if (request.method === "CONNECT") return await this.#tunnel(conn, request);
        if (!upstream || this.switches.splitsConnections) {
          upstream = await this.#dial(new URL(request.path).host);
          answers.push(copy(upstream, conn));
        }
        await writeAll(upstream, forwardedRequest(request));
      }
    } finally {
      if (upstream) closeQuietly(upstream);
      await Promise.all(answers);
    }
  }

  /** What is said to a request that is not let through. */
  #refusalOf({ method, path, headers }: WireRequest): Uint8Array | undefined {
    if (this.switches.rawAnswer) return this.switches.rawAnswer;
    const { credentials } = this.#options;
    if (credentials !== undefined && !isBasic(headers.get("proxy-authorization"), credentials)) {
      const challenges = this.switches.challenges.map((value) =>
        ["proxy-authenticate", value] as const
      );
      return encodeResponse({ status: 407, headers: challenges, body: "Sign in" });
    }
    const target = method === "CONNECT" ? path : hostAndPort(new URL(path));
    return this.#options.hosts?.[target] ? undefined : encodeResponse({ status: 502 });
  }

  async #tunnel(conn: Deno.Conn, { path }: WireRequest): Promise<void> {
    const upstream = await this.#dial(path);
    const consent = new TextEncoder().encode("HTTP/1.1 200 Connection established\r\n\r\n");
    for (let at = 0; this.switches.dribbles && at < consent.length - 1; at++) {
      await writeAll(conn, consent.subarray(at, at + 1));
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await writeAll(conn, this.switches.dribbles ? consent.subarray(-1) : consent);
    await Promise.all([copy(conn, upstream), copy(upstream, conn)]);
  }

  async #dial(target: string): Promise<Deno.Conn> {
    const port = this.#options.hosts?.[target.includes(":") ? target : `${target}:80`];
    const upstream = await Deno.connect({ hostname: "127.0.0.1", port: port ?? 0 });
    upstream.setNoDelay(true);
    this.#upstreams.add(upstream);
    return upstream;
  }
}

/** An answer that is its status and nothing else. */
export function statusAnswer(status: number): Uint8Array {
  return encodeResponse({ status });
}

function isBasic(field: string | undefined, credentials: string): boolean {
  return field === `Basic ${new TextEncoder().encode(credentials).toBase64()}`;
}

function hostAndPort({ hostname, port }: URL): string {
  return `${hostname}:${port || 80}`;
}

/** What goes on to the server: origin form, and nothing that was for the proxy. */
function forwardedRequest({ method, path, headers, body }: WireRequest): Uint8Array {
  const { pathname, search } = new URL(path);
  const fields = [...headers].filter(([name]) => !name.startsWith("proxy-"))
    .map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const text = `${method} ${pathname}${search} HTTP/1.1\r\n${fields}\r\n${body}`;
  // The reader keeps one character per byte.
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** Copies until either side ends, and then ends both. */
async function copy(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(65_536);
  try {
    for (;;) {
      const count = await from.read(buffer);
      if (count === null) break;
      await writeAll(to, buffer.subarray(0, count));
    }
  } catch {
    // A side that went away ends the tunnel, as does one that ends it properly.
  }
  closeQuietly(from);
  closeQuietly(to);
}

function closeQuietly(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
