import type { Duplex } from "node:stream";
import { TLSSocket } from "node:tls";

/** Sockets in the middle of a TLS handshake that nobody waits for any more. */
const hanging = new Set<Duplex>();

/** How many TLS handshakes were given up that the peer neither goes on with nor ends. */
export function hangingHandshakes(): number {
  return hanging.size;
}

/**
 * Closes a socket of no use. In the middle of a TLS handshake Deno's `destroy` leaves the connection
 * open, for ever out of reach; so it is kept until the handshake has come to some end.
 */
export function abandon(socket: Duplex): void {
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
