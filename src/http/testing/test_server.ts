import type { CertificateWithKey } from "./certificates.ts";

/** Serves one accepted connection; it is closed when this returns. */
export type Serve = (conn: Deno.Conn) => Promise<void>;

/** A loopback server over TCP, or over TLS where it has a certificate. */
export class TestServer implements AsyncDisposable {
  readonly #listener: Deno.Listener;
  readonly #open = new Set<Deno.Conn>();
  readonly #running: Promise<void>;
  readonly #serving = new Set<Promise<void>>();
  readonly #scheme: string;

  constructor(serve: Serve, certificate?: CertificateWithKey) {
    const address = { hostname: "127.0.0.1", port: 0 };
    this.#listener = onFreshPort(() =>
      certificate
        ? Deno.listenTls({ ...address, cert: certificate.pem, key: certificate.keyPem })
        : Deno.listen(address)
    );
    this.#scheme = certificate ? "https" : "http";
    this.#running = this.#accept(serve);
  }

  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  /** URL of `path` on this server, under a name that its certificates have. */
  url(path = "/"): URL {
    return new URL(path, `${this.#scheme}://localhost:${this.port}`);
  }

  /** How many connections are open now. */
  get openConnections(): number {
    return this.#open.size;
  }

  /** Closes every open connection but the `spared` oldest, as a server does that restarts. */
  closeConnections(spared = 0): void {
    for (const conn of [...this.#open].slice(spared)) close(conn);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    close(this.#listener);
    this.closeConnections();
    await this.#running;
    await Promise.all(this.#serving);
  }

  async #accept(serve: Serve): Promise<void> {
    for (;;) {
      const conn = await this.#listener.accept().catch(() => undefined);
      if (!conn) return; // disposed
      this.#open.add(conn);
      // A client that goes away, or a test that is over, is no failure of the server.
      const served = serve(conn).catch(() => {}).finally(() => {
        close(conn);
        this.#open.delete(conn);
        this.#serving.delete(served);
      });
      this.#serving.add(served);
    }
  }
}

const usedPorts = new Set<number>();

/** The system gives ports again, and what is remembered of a server would be taken for the next. */
function onFreshPort(listen: () => Deno.Listener): Deno.Listener {
  for (;;) {
    const listener = listen();
    const { port } = listener.addr as Deno.NetAddr;
    if (!usedPorts.has(port)) {
      usedPorts.add(port);
      return listener;
    }
    listener.close();
  }
}

function close(resource: { close(): void }): void {
  try {
    resource.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
