import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, TLSSocket } from "node:tls";
import type { CallOptions, Clock } from "../core/env.ts";
import { LIMITS } from "../core/limits.ts";
import { connectErrorOf, connectTimeoutOf, handshakesHangOf } from "./network_error.ts";

/** How the certificate of a server is judged. */
export interface TlsTrust {
  /** False: any certificate will do, whatever its issuer, name and dates. */
  readonly verify: boolean;
  /** PEM certificates trusted on top of the roots of the process. */
  readonly extraRoots: readonly string[];
}

export interface DialOptions extends CallOptions {
  readonly trust: TlsTrust;
  readonly clock: Clock;
  /** Until TCP and TLS are established, ms; default `LIMITS.connectMsMax`. */
  readonly connectMsMax?: number;
}

/** An open TCP or TLS connection on which nothing was sent yet. */
export interface DialledSocket {
  readonly socket: Socket;
  /** The server's certificate in DER; absent only over plain http. */
  readonly certificate?: Uint8Array;
}

/**
 * Opens one connection to the origin of an `http:` or `https:` URL. Rejects with a `SyncError` that
 * names the cause (`network_error.ts`), or with the signal's reason.
 */
export async function dial(origin: URL, options: DialOptions): Promise<DialledSocket> {
  options.signal.throwIfAborted();
  if (hanging.size >= LIMITS.hangingHandshakesMax) throw handshakesHangOf(origin, hanging.size);
  const connectMs = options.connectMsMax ?? LIMITS.connectMsMax;
  const socket = origin.protocol === "https:" ? openTls(origin, options.trust) : openTcp(origin);
  const settled = new AbortController();
  try {
    const deadline = options.clock.sleep(connectMs, {
      signal: AbortSignal.any([options.signal, settled.signal]),
    }).then(() => Promise.reject(connectTimeoutOf(origin, connectMs)));
    return await Promise.race([established(origin, socket), deadline]);
  } catch (error) {
    abandon(socket);
    throw error;
  } finally {
    settled.abort();
  }
}

/** Sockets in the middle of a TLS handshake that nobody waits for any more. */
const hanging = new Set<Socket>();

/**
 * Closes a socket of no use. In the middle of a TLS handshake Deno's `destroy` leaves the connection
 * open, for ever out of reach; so it is kept until the handshake has come to some end.
 */
function abandon(socket: Socket): void {
  const inHandshake = socket instanceof TLSSocket && !socket.connecting && !socket.authorized &&
    !socket.destroyed;
  if (!inHandshake) {
    socket.destroy();
    return;
  }
  hanging.add(socket);
  socket.unref();
  socket.once("secureConnect", () => socket.destroy());
  socket.once("close", () => hanging.delete(socket));
}

function openTcp(origin: URL): Socket {
  return tuned(connectTcp({ host: hostOf(origin), port: portOf(origin) }));
}

function openTls(origin: URL, trust: TlsTrust): Socket {
  const host = hostOf(origin);
  return tuned(connectTls({
    host,
    port: portOf(origin),
    ...(isIP(host) ? {} : { servername: host }),
    // In Deno these add to the roots of the process, where Node would replace them.
    ca: [...trust.extraRoots],
    rejectUnauthorized: trust.verify,
    ALPNProtocols: ["http/1.1"],
  }));
}

function tuned<S extends Socket>(socket: S): S {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, 60_000);
  return socket;
}

/**
 * Deno announces `secureConnect` even when the handshake failed, with `authorized` true; only the
 * certificate is missing then, and an `error` with the reason, or the end, follows.
 */
function established(origin: URL, socket: Socket): Promise<DialledSocket> {
  const secure = origin.protocol === "https:";
  return new Promise((resolve, reject) => {
    socket.once("connect", () => {
      if (!secure) resolve({ socket });
    });
    socket.once("secureConnect", () => {
      const certificate = socket instanceof TLSSocket ? certificateOf(socket) : undefined;
      if (certificate) resolve({ socket, certificate });
    });
    // Stays attached: a socket that waits for its first request may fail, and is found closed then.
    socket.on("error", (error) => reject(connectErrorOf(origin, error)));
    socket.once("close", () => reject(connectErrorOf(origin, undefined)));
  });
}

function certificateOf(socket: TLSSocket): Uint8Array | undefined {
  return socket.getPeerCertificate(true)?.raw;
}

/** A host name as sockets take it: an IPv6 address without its brackets. */
export function hostOf(origin: URL): string {
  return origin.hostname.replace(/^\[(.*)\]$/, "$1");
}

function portOf(origin: URL): number {
  if (origin.port !== "") return Number(origin.port);
  return origin.protocol === "https:" ? 443 : 80;
}
