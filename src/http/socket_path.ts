import { connect as connectTcp, isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls, TLSSocket } from "node:tls";
import type { Clock } from "../core/env.ts";
import type { SyncError } from "../core/errors.ts";
import { connectTunnel } from "./connect_tunnel.ts";
import { abandon } from "./hanging_handshakes.ts";
import { connectTimeoutOf, type Leg, tlsNameInvalidOf } from "./network_error.ts";
import type { OpensslContext } from "./openssl/openssl_context.ts";
import type { TlsAgreement } from "./openssl/openssl_session.ts";
import { OpensslSocket } from "./openssl/openssl_socket.ts";
import type { HttpProxy } from "./proxy.ts";
import { withProxyCredentials } from "./proxy_credentials.ts";
import { proxyRefusalOf, proxyTimeoutOf } from "./proxy_error.ts";
import { relayedSocket } from "./relayed_socket.ts";
import { SocketFailure } from "./socket_failure.ts";
import { checkTlsRoots } from "./tls_roots.ts";

/** How the certificate of a server is judged. */
export interface TlsTrust {
  /** False: any certificate will do, whatever its issuer, name and dates. */
  readonly verify: boolean;
  /** PEM certificates trusted on top of the roots of the process. */
  readonly extraRoots: readonly string[];
  /** TLS by OpenSSL, made to trust the same; absent: by the runtime. */
  readonly openssl?: OpensslContext;
}

/** An open TCP or TLS connection on which nothing was sent yet. */
export interface DialledSocket {
  readonly socket: Duplex;
  /** The server's certificate in DER; absent only over plain http. */
  readonly certificate?: Uint8Array;
  /** Version and cipher for people; absent where the runtime, which does not tell, has agreed. */
  readonly agreement?: string;
}

export interface SocketPathOptions {
  readonly proxy?: HttpProxy;
  readonly clock: Clock;
  /** Ends what is begun; sockets are closed by `abandon`. */
  readonly signal: AbortSignal;
}

/**
 * One attempt to get through to a server: by TCP, or through a proxy, and then by TLS. Everything
 * rejects with a `SocketFailure`, or with a `SyncError` where a proxy said what is wrong.
 */
export class SocketPath {
  readonly #origin: URL;
  readonly #options: SocketPathOptions;
  readonly #sockets: Duplex[] = [];
  /** How a deadline that passes now is told. */
  #late: (deadlineMs: number) => SyncError;

  constructor(origin: URL, options: SocketPathOptions) {
    this.#origin = origin;
    this.#options = options;
    this.#late = (deadlineMs) => connectTimeoutOf(this.leg, deadlineMs);
  }

  /** The server, with the proxy on the way to it. */
  get leg(): Leg {
    const { proxy } = this.#options;
    return { url: this.#origin, ...(proxy ? { through: proxy.url } : {}) };
  }

  /** What a deadline of `deadlineMs` says if it passes now: whoever is waited for is named. */
  late(deadlineMs: number): SyncError {
    return this.#late(deadlineMs);
  }

  /** Closes whatever was opened. */
  abandon(): void {
    // TLS shares the connection of the socket it was begun on, which must not be closed under it.
    const last = this.#sockets.at(-1);
    for (const socket of this.#sockets) if (socket === last || isTls(socket)) abandon(socket);
  }

  /**
   * A connection without TLS: to the server, or through a tunnel to it; for an `http:` server
   * behind a proxy, the connection to that proxy.
   */
  async plain(): Promise<Socket> {
    return await this.#begin((socket) => socket);
  }

  /** A connection with TLS. */
  async secure(trust: TlsTrust): Promise<DialledSocket> {
    const { openssl } = trust;
    checkTls(this.leg, trust.extraRoots);
    return await this.#begin((socket) =>
      openssl ? this.#openssl(socket, openssl) : this.#tls(this.leg, socket, trust)
    );
  }

  /** Gets through to the server and begins there. */
  async #begin<T>(begin: (socket: Socket) => T): Promise<Awaited<T>> {
    const { proxy } = this.#options;
    const tunnelled = this.#origin.protocol === "https:";
    if (!proxy) return await begin(await this.#tcp(this.leg, tunnelled));
    const socket = await this.#toProxy(proxy);
    if (!tunnelled) return await begin(socket);
    if (!isTls(socket)) return await this.#throughTunnel(socket, proxy, () => begin(socket));
    await this.#throughTunnel(socket, proxy, () => undefined);
    return await begin(await this.#relayed(socket));
  }

  async #relayed(outer: Socket): Promise<Socket> {
    try {
      return this.#opened(await relayedSocket(outer, this.#options));
    } catch (error) {
      this.#options.signal.throwIfAborted();
      const reason = error instanceof Error ? error : new Error(String(error));
      throw new SocketFailure(this.leg, false, reason);
    }
  }

  async #toProxy(proxy: HttpProxy): Promise<Socket> {
    const leg: Leg = { url: proxy.url, isProxy: true };
    if (proxy.url.protocol !== "https:") return await this.#tcp(leg, false);
    const extraRoots = proxy.extraRoots ?? NO_ROOTS;
    checkTls(leg, extraRoots);
    const tcp = await this.#tcp(leg, true);
    return (await this.#tls(leg, tcp, { verify: true, extraRoots })).socket;
  }

  async #throughTunnel<T>(
    socket: Socket,
    proxy: HttpProxy,
    begin: () => T,
  ): Promise<Awaited<T>> {
    const { clock, signal } = this.#options;
    const target = this.#origin;
    this.#late = (deadlineMs) => proxyTimeoutOf(proxy, target, deadlineMs);
    let begun: { readonly value: T } | undefined;
    const answer = await withProxyCredentials(
      { proxy, target, clock },
      () => connectTunnel(socket, proxy, target, () => begun = { value: begin() }),
      { signal },
    );
    if (!begun) throw proxyRefusalOf(proxy, target, answer);
    return await begun.value;
  }

  /**
   * `forTls`: nothing is read, since TLS can begin on this connection only as long as the runtime
   * does not wait for something to read on it.
   */
  #tcp(leg: Leg, forTls: boolean): Promise<Socket> {
    this.#options.signal.throwIfAborted();
    this.#late = (deadlineMs) => connectTimeoutOf(leg, deadlineMs);
    const { url } = leg;
    const socket = this.#opened(connectTcp({ host: hostOf(url), port: portOf(url) }));
    if (forTls) socket.pause();
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 60_000);
    return new Promise((resolve, reject) => {
      socket.once("connect", () => resolve(socket));
      // Stays attached: a socket that waits for its first request may fail, and is found closed then.
      socket.on("error", (error) => reject(new SocketFailure(leg, false, error)));
      socket.once("close", () => reject(new SocketFailure(leg, false, undefined)));
    });
  }

  /**
   * Deno announces `secureConnect` even when the handshake failed, with `authorized` true; only the
   * certificate is missing then, and an `error` with the reason, or the end, follows.
   */
  #tls(
    leg: Leg,
    socket: Socket,
    trust: TlsTrust,
  ): Promise<DialledSocket & { readonly socket: TLSSocket }> {
    this.#options.signal.throwIfAborted();
    this.#late = (deadlineMs) => connectTimeoutOf(leg, deadlineMs, true);
    const tls = this.#opened(tlsOver(socket, leg.url, trust));
    return new Promise((resolve, reject) => {
      tls.once("secureConnect", () => {
        const certificate = tls.getPeerCertificate(true)?.raw;
        if (certificate) resolve({ socket: tls, certificate });
      });
      tls.on("error", (error) => reject(new SocketFailure(leg, true, error)));
      tls.once("close", () => reject(new SocketFailure(leg, true, undefined)));
    });
  }

  #openssl(socket: Socket, context: OpensslContext): Promise<DialledSocket> {
    const { leg } = this;
    this.#options.signal.throwIfAborted();
    this.#late = (deadlineMs) => connectTimeoutOf(leg, deadlineMs, true);
    const tls = this.#opened(new OpensslSocket(context, hostOf(leg.url), socket));
    return new Promise((resolve, reject) => {
      tls.once("secure", ({ certificate, description }: TlsAgreement) => {
        resolve({ socket: tls, certificate, agreement: description });
      });
      tls.on("error", (error) => reject(new SocketFailure(leg, true, error)));
      tls.once("close", () => reject(new SocketFailure(leg, true, undefined)));
    });
  }

  #opened<S extends Duplex>(socket: S): S {
    this.#sockets.push(socket);
    return socket;
  }
}

const NO_ROOTS: readonly string[] = [];
/** What the runtime's TLS takes for a DNS name: labels of at most 63 characters, 253 in all. */
const TLS_NAME = /^(?!.{254})(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.(?!$)|\.?$))+$/i;

/** Names and roots that the runtime's TLS cannot begin with make its sockets wait for ever. */
function checkTls(leg: Leg, extraRoots: readonly string[]): void {
  const host = hostOf(leg.url);
  if (isIP(host) === 0 && !TLS_NAME.test(host)) throw tlsNameInvalidOf(leg);
  checkTlsRoots(extraRoots);
}

function tlsOver(socket: Socket, url: URL, { verify, extraRoots }: TlsTrust): TLSSocket {
  const host = hostOf(url);
  return connectTls({
    socket,
    // Without a server name the host is what the certificate is checked for; addresses have none.
    host,
    ...(isIP(host) ? {} : { servername: host }),
    // In Deno these add to the roots of the process, where Node would replace them.
    ca: [...extraRoots],
    rejectUnauthorized: verify,
    ALPNProtocols: ["http/1.1"],
  });
}

function isTls(socket: Duplex): socket is TLSSocket {
  return socket instanceof TLSSocket;
}

/** A host name as sockets take it: an IPv6 address without its brackets. */
export function hostOf(origin: URL): string {
  return origin.hostname.replace(/^\[(.*)\]$/, "$1");
}

function portOf(origin: URL): number {
  if (origin.port !== "") return Number(origin.port);
  return origin.protocol === "https:" ? 443 : 80;
}
