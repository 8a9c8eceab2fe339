import type { Clock } from "../../src/core/env.ts";
import { type ServerCertificate, serverCertificate } from "../exchange/certificates.ts";
import { type HttpServer, serveHttp } from "../exchange/http_server.ts";
import { Ledger } from "../exchange/ledger.ts";
import type { MailboxStore } from "../exchange/mailbox_store.ts";
import { switchNagleOff } from "../exchange/no_delay.ts";
import { seededEntropy } from "../exchange/seeded_entropy.ts";
import { WALL_CLOCK } from "../exchange/wall_clock.ts";
import { AppPermissions } from "./app_permissions.ts";
import { type ForeignHost, startForeignHost } from "./foreign_host.ts";
import { graphConnection, type GraphFrontEnd, type GraphIntercept } from "./graph_connection.ts";
import { graphService } from "./graph_service.ts";
import { MailboxLimits, PUBLISHED_LIMITS, type PublishedLimits } from "./mailbox_limits.ts";
import type { GraphTokenJudge } from "./token_check.ts";

export interface SimulatedGraphOptions {
  /** The mailboxes to serve; another server may serve them, too. */
  readonly store: MailboxStore;
  /** Who issues the tokens. */
  readonly authority: GraphTokenJudge;
  /** Default: a new one; one may be shared with the other server of the same mailboxes. */
  readonly ledger?: Ledger;
  readonly clock?: Clock;
  /** Default: those Microsoft publishes. */
  readonly limits?: Partial<PublishedLimits>;
  /** Waited before every answer, in milliseconds. */
  readonly latencyMs?: number;
  /** 0, the default: one that is free. Always on the loopback interface, always TLS. */
  readonly port?: number;
  readonly seed?: number;
}

/** A running service. Disposing ends it. */
export interface SimulatedGraph extends AsyncDisposable {
  /** Origin of the service: `https://127.0.0.1:port`, without the version. */
  readonly endpoint: URL;
  /** The CA to trust. */
  readonly caPem: string;
  readonly store: MailboxStore;
  readonly permissions: AppPermissions;
  readonly ledger: Ledger;
  readonly limits: MailboxLimits;
  /** Connections accepted so far. */
  readonly connections: number;
  /** Faults on command; see `GraphIntercept`. */
  intercept: GraphIntercept | undefined;
  latencyMs: number;
  /** A host that is not Graph, with a certificate the client trusts: nothing may arrive there. */
  foreignHost(): ForeignHost;
}

/** What real clients name as scope. */
const GRAPH_AUDIENCE = "https://graph.microsoft.com";

/** Starts Microsoft Graph on a loopback port, over mailboxes that exist. */
export async function startSimulatedGraph(options: SimulatedGraphOptions): Promise<SimulatedGraph> {
  const clock = options.clock ?? WALL_CLOCK;
  // The client that judges the certificate goes by the machine's clock.
  const certificate = await serverCertificate(new Date());
  const listener = Deno.listenTls({
    hostname: "127.0.0.1",
    port: options.port ?? 0,
    cert: certificate.certificatePem,
    key: certificate.keyPem,
  });
  switchNagleOff(listener);
  return new RunningGraph({ ...options, clock, certificate, listener });
}

interface RunningOptions extends SimulatedGraphOptions {
  readonly clock: Clock;
  readonly certificate: ServerCertificate;
  readonly listener: Deno.Listener;
}

class RunningGraph implements SimulatedGraph {
  readonly endpoint: URL;
  readonly caPem: string;
  readonly store: MailboxStore;
  readonly permissions = new AppPermissions();
  readonly ledger: Ledger;
  readonly limits: MailboxLimits;
  intercept: GraphIntercept | undefined;
  latencyMs: number;
  readonly #certificate: ServerCertificate;
  readonly #server: HttpServer;
  readonly #end = new AbortController();

  constructor(options: RunningOptions) {
    this.store = options.store;
    this.ledger = options.ledger ?? new Ledger(options.clock);
    this.limits = new MailboxLimits(options.clock, { ...PUBLISHED_LIMITS, ...options.limits });
    this.latencyMs = options.latencyMs ?? 0;
    this.#certificate = options.certificate;
    this.caPem = options.certificate.caPem;
    const { port } = options.listener.addr as Deno.NetAddr;
    this.endpoint = new URL(`https://127.0.0.1:${port}`);
    const frontEnd = this.#frontEnd(options);
    this.#server = serveHttp({
      listener: options.listener,
      accept: (connection) => graphConnection(connection, frontEnd),
    });
  }

  get connections(): number {
    return this.#server.accepted;
  }

  foreignHost(): ForeignHost {
    return startForeignHost(this.#certificate);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#server[Symbol.asyncDispose]();
  }

  /** The shared parts; those that can change are looked up each time they are needed. */
  #frontEnd({ clock, authority, seed }: RunningOptions): GraphFrontEnd {
    const { origin } = this.endpoint;
    const live = { intercept: () => this.intercept, latencyMs: () => this.latencyMs };
    return {
      service: graphService({
        store: this.store,
        permissions: this.permissions,
        observeMime: (part) => this.ledger.observeMime(part),
      }),
      ledger: this.ledger,
      limits: this.limits,
      clock,
      entropy: seededEntropy(seed ?? 1),
      authority,
      audiences: [GRAPH_AUDIENCE, origin],
      signal: this.#end.signal,
      get intercept() {
        return live.intercept();
      },
      get latencyMs() {
        return live.latencyMs();
      },
    };
  }
}
