import type { Clock } from "../../src/core/env.ts";
import { AccessRights, type Account } from "./access_rights.ts";
import { type CertificateOptions, serverCertificate } from "./certificates.ts";
import { exchangeService } from "./ews/exchange_service.ts";
import type { ServerProduct } from "./ews/server_version.ts";
import {
  type AuthenticationScheme,
  exchangeConnection,
  type FrontEnd,
  type Intercept,
} from "./exchange_connection.ts";
import type { MailboxLanguage } from "./folder_names.ts";
import { type HttpServer, serveHttp } from "./http_server.ts";
import { Ledger } from "./ledger.ts";
import { MailboxStore } from "./mailbox_store.ts";
import { Notifications } from "./notifications.ts";
import { switchNagleOff } from "./no_delay.ts";
import type { ChannelBindingPolicy, ServerNames } from "./ntlm_acceptor.ts";
import { seededEntropy } from "./seeded_entropy.ts";
import type { SimulatedMailbox } from "./simulated_mailbox.ts";
import { WALL_CLOCK } from "./wall_clock.ts";

export interface SimulatedExchangeOptions {
  readonly product?: ServerProduct;
  /** False: plain HTTP. */
  readonly tls?: boolean;
  readonly certificate?: CertificateOptions;
  readonly channelBinding?: ChannelBindingPolicy;
  readonly authentication?: AuthenticationScheme;
  /** Waited before every answer, in milliseconds. */
  readonly latencyMs?: number;
  /** 0, the default: one that is free. Always on the loopback interface. */
  readonly port?: number;
  readonly seed?: number;
  readonly clock?: Clock;
  readonly account?: Partial<Account>;
}

/** A running server. Disposing ends it. */
export interface SimulatedExchange extends AsyncDisposable {
  /** URL of the EWS endpoint. */
  readonly endpoint: URL;
  /** The CA to trust; absent without TLS. */
  readonly caPem: string | undefined;
  /** Who may sign in; replaced to change the password. */
  account: Account;
  readonly store: MailboxStore;
  readonly rights: AccessRights;
  readonly ledger: Ledger;
  readonly notifications: Notifications;
  /** Connections accepted so far. */
  readonly connections: number;
  /** Faults on command; see `Intercept`. */
  intercept: Intercept | undefined;
  latencyMs: number;
  channelBinding: ChannelBindingPolicy;
  /** Adds a mailbox the account may open and impersonate. */
  addMailbox(address: string, language?: MailboxLanguage): SimulatedMailbox;
}

const NAMES: ServerNames = {
  netbiosDomain: "CORP",
  netbiosComputer: "SIM-EX01",
  dnsDomain: "corp.example",
  dnsComputer: "sim-ex01.corp.example",
};
const ACCOUNT: Account = {
  user: "svc-ews",
  domain: NAMES.netbiosDomain,
  principalName: "svc-ews@corp.example",
  password: "Pässwörd 1!",
};

/**
 * Starts an Exchange server on a loopback port: TLS, NTLM with channel binding required, EWS. It is
 * what an administrator's server is by default; every relaxation is asked for by name.
 */
export async function startSimulatedExchange(
  options: SimulatedExchangeOptions = {},
): Promise<SimulatedExchange> {
  const clock = options.clock ?? WALL_CLOCK;
  const isTls = options.tls ?? true;
  const certificate = isTls ? await serverCertificate(clock.now(), options.certificate) : undefined;
  const address = { hostname: "127.0.0.1", port: options.port ?? 0 };
  const listener = certificate
    ? Deno.listenTls({ ...address, cert: certificate.certificatePem, key: certificate.keyPem })
    : Deno.listen(address);
  switchNagleOff(listener);
  return new RunningExchange({
    ...options,
    clock,
    listener,
    endpointHash: certificate?.endpointHash,
    caPem: certificate?.caPem,
  });
}

interface RunningOptions extends SimulatedExchangeOptions {
  readonly clock: Clock;
  readonly listener: Deno.Listener;
  readonly endpointHash: FrontEnd["ntlm"]["endpointHash"];
  readonly caPem: string | undefined;
}

class RunningExchange implements SimulatedExchange {
  readonly endpoint: URL;
  readonly caPem: string | undefined;
  account: Account;
  readonly store: MailboxStore;
  readonly rights = new AccessRights();
  readonly ledger: Ledger;
  readonly notifications: Notifications;
  intercept: Intercept | undefined;
  latencyMs: number;
  channelBinding: ChannelBindingPolicy;
  readonly #server: HttpServer;
  readonly #end = new AbortController();

  constructor(options: RunningOptions) {
    const entropy = seededEntropy(options.seed ?? 1);
    this.account = { ...ACCOUNT, ...options.account };
    this.store = new MailboxStore({ clock: options.clock, entropy });
    this.ledger = new Ledger(options.clock);
    this.notifications = new Notifications(this.store, () => options.clock.now());
    this.latencyMs = options.latencyMs ?? 0;
    this.channelBinding = options.channelBinding ?? "required";
    this.caPem = options.caPem;
    const service = exchangeService({
      store: this.store,
      rights: this.rights,
      notifications: this.notifications,
      product: options.product ?? "Exchange2019",
      observeMime: (part) => this.ledger.observeMime(part),
    });
    const ntlm = {
      endpointHash: options.endpointHash,
      names: NAMES,
      clock: options.clock,
      entropy,
    };
    this.#server = serveHttp({
      listener: options.listener,
      accept: (connection) =>
        exchangeConnection(connection, this.#frontEnd({ ...options, service, ntlm, entropy })),
    });
    const scheme = options.caPem ? "https" : "http";
    this.endpoint = new URL(`${scheme}://127.0.0.1:${this.#server.port}/EWS/Exchange.asmx`);
  }

  get connections(): number {
    return this.#server.accepted;
  }

  addMailbox(address: string, language: MailboxLanguage = "en"): SimulatedMailbox {
    const mailbox = this.store.addMailbox(address, language);
    this.rights.grantFullAccess(this.account, address);
    this.rights.grantImpersonation(this.account, address);
    return mailbox;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    this.notifications.cut();
    await this.#server[Symbol.asyncDispose]();
  }

  /** The shared parts; those that can change are looked up each time they are needed. */
  #frontEnd(
    fixed: Pick<FrontEnd, "service" | "clock" | "entropy"> & {
      readonly ntlm: Omit<FrontEnd["ntlm"], "accounts" | "channelBinding">;
      readonly authentication?: AuthenticationScheme;
    },
  ): FrontEnd {
    const live = {
      intercept: () => this.intercept,
      latencyMs: () => this.latencyMs,
      accounts: () => [this.account],
      channelBinding: () => this.channelBinding,
    };
    return {
      service: fixed.service,
      clock: fixed.clock,
      entropy: fixed.entropy,
      ledger: this.ledger,
      authentication: fixed.authentication ?? "ntlm",
      signal: this.#end.signal,
      ntlm: {
        ...fixed.ntlm,
        get accounts() {
          return live.accounts();
        },
        get channelBinding() {
          return live.channelBinding();
        },
      },
      get intercept() {
        return live.intercept();
      },
      get latencyMs() {
        return live.latencyMs();
      },
    };
  }
}
