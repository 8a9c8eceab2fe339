import { dirname, join } from "node:path";
import type { DebianPackages } from "../../scripts/debian_packages.ts";
import type { CertificateWithKey } from "../../src/http/testing/certificates.ts";
import { ntlmMechanism, type ServerAccount } from "./ntlm_mechanism.ts";
import { ServerProcess } from "./server_process.ts";

export interface ApacheOptions {
  readonly packages: DebianPackages;
  readonly certificate: CertificateWithKey;
  readonly account: ServerAccount;
  /** What the server calls itself in its challenges; default short names. */
  readonly names?: { readonly computer: string; readonly domain: string };
}

/**
 * What listens on a port of its own:
 * - `http`, `https`: as Exchange.
 * - `brief`: closes a connection after its fourth request.
 * - `closing`: closes a connection after each request.
 * - `proxy`: sends each request on to `http` over a new connection.
 */
export type Front = typeof FRONTS[number];
const FRONTS = ["http", "https", "brief", "closing", "proxy"] as const;

/** A request as Apache logged it. */
export interface SeenRequest {
  /** Port of the front it came to. */
  readonly port: number;
  /** Port of the client: names a connection. */
  readonly clientPort: number;
  readonly message: "NEGOTIATE" | "AUTHENTICATE" | undefined;
  readonly status: number;
}

/** A request as it came through to the application behind the sign-in. */
export interface ServedRequest {
  readonly user: string | undefined;
  readonly body: string;
}

/**
 * Apache with mod_auth_gssapi and gss-ntlmssp: an NTLM server that shares no code with us. What gets
 * through the sign-in is answered with its own body.
 */
export class Apache implements AsyncDisposable {
  readonly served: ServedRequest[] = [];
  readonly #backend: Deno.HttpServer<Deno.NetAddr>;
  readonly #folder: string;
  #process: ServerProcess | undefined;
  #ports: Ports | undefined;

  private constructor(folder: string) {
    this.#folder = folder;
    this.#backend = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      async (request) => {
        const body = await request.text();
        this.served.push({ user: request.headers.get("x-signed-in") ?? undefined, body });
        return new Response(body);
      },
    );
  }

  static async start(options: ApacheOptions): Promise<Apache> {
    const apache = new Apache(await Deno.makeTempDir({ prefix: "apache-" }));
    try {
      await apache.#start(options);
      return apache;
    } catch (error) {
      await apache[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** URL of the endpoint at one front. */
  urlOf(front: Front): URL {
    const scheme = front === "https" ? "https" : "http";
    return new URL(`${scheme}://localhost:${this.#ports?.get(front)}/EWS/Exchange.asmx`);
  }

  /** Requests to one front in the order they were answered; the last may not be logged yet. */
  seenAt(front: Front): readonly SeenRequest[] {
    const lines = this.#process?.lines ?? [];
    return lines.flatMap(seenRequestOf).filter(({ port }) => port === this.#ports?.get(front));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process?.[Symbol.asyncDispose]();
    await this.#backend.shutdown();
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #start(options: ApacheOptions): Promise<void> {
    const { packages } = options;
    const program = await packages.pathOf("/usr/sbin/apache2");
    const args = ["-DFOREGROUND", "-f", new URL("httpd.conf", import.meta.url).pathname];
    const env = {
      ...await this.#environment(options),
      BACKEND_PORT: String(this.#backend.addr.port),
      MODULES: dirname(await packages.pathOf("/usr/lib/apache2/modules/mod_mpm_event.so")),
      GSSAPI_MODULE: await packages.pathOf("/usr/lib/apache2/modules/mod_auth_gssapi.so"),
    };
    for (;;) {
      const ports = freePorts();
      const server = new ServerProcess({ program, args, env: { ...env, ...variablesOf(ports) } });
      const [line] = await server.lineMatching(/resuming normal operations|Address already in use/);
      if (line.includes("resuming")) {
        this.#process = server;
        this.#ports = ports;
        return;
      }
      await server[Symbol.asyncDispose]();
    }
  }

  /** Writes the files that Apache's unprivileged processes read, too. */
  async #environment(options: ApacheOptions): Promise<Record<string, string>> {
    const { packages, certificate, account } = options;
    const { computer, domain } = options.names ?? { computer: "EXCH01", domain: "CORP" };
    const folder = this.#folder;
    await Deno.chmod(folder, 0o755);
    const write = (name: string, text: string) => Deno.writeTextFile(join(folder, name), text);
    await write("server.crt", certificate.pem);
    await write("server.key", certificate.keyPem);
    return {
      ...await ntlmMechanism(packages, folder, account),
      RUN_FOLDER: folder,
      NETBIOS_COMPUTER_NAME: computer,
      NETBIOS_DOMAIN_NAME: domain,
    };
  }
}

type Ports = ReadonlyMap<Front, number>;

/** Free when they were looked for: Apache cannot choose by itself. */
function freePorts(): Ports {
  const listeners = FRONTS.map((front) => {
    return [front, Deno.listen({ hostname: "127.0.0.1", port: 0 })] as const;
  });
  const ports = new Map(listeners.map(([front, listener]) => [front, listener.addr.port]));
  for (const [, listener] of listeners) listener.close();
  return ports;
}

function variablesOf(ports: Ports): Record<string, string> {
  const variables = [...ports].map(([front, port]) => [`${front.toUpperCase()}_PORT`, `${port}`]);
  return Object.fromEntries(variables);
}

function seenRequestOf(line: string): readonly SeenRequest[] {
  const match = /^request (\d+) (\d+) (\S+) (\d+)$/.exec(line);
  if (!match) return [];
  const [, port, clientPort, message, status] = match;
  return [{
    port: Number(port),
    clientPort: Number(clientPort),
    message: message === "NEGOTIATE" || message === "AUTHENTICATE" ? message : undefined,
    status: Number(status),
  }];
}
