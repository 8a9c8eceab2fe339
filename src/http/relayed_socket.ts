import { connect, createServer, type Socket } from "node:net";
import type { CallOptions } from "../core/env.ts";

const LOOPBACK = "127.0.0.1";

/**
 * A TCP connection of this process to itself, whose other end is joined to `outer`. The runtime can
 * begin TLS only on a TCP connection; with this, TLS to a server goes inside the TLS to a proxy.
 *
 * It is paused. Whichever ends first ends the other. Rejects with the error of the loopback
 * connection, or with the signal's reason.
 */
export async function relayedSocket(outer: Socket, { signal }: CallOptions): Promise<Socket> {
  const listener = createServer();
  const opened: Socket[] = [];
  const failed = Promise.withResolvers<never>();
  const onAbort = () => failed.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const joined = await Promise.race([loopbackPair(listener, opened), failed.promise]);
    join(outer, joined.other);
    return joined.inner;
  } catch (error) {
    for (const socket of opened) socket.destroy();
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
    listener.close();
  }
}

interface LoopbackPair {
  readonly inner: Socket;
  readonly other: Socket;
}

async function loopbackPair(
  listener: ReturnType<typeof createServer>,
  opened: Socket[],
): Promise<LoopbackPair> {
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject);
    listener.listen(0, LOOPBACK, resolve);
  });
  const address = listener.address();
  if (typeof address !== "object" || address === null) throw new Error("No loopback port");
  const inner = connect({ host: LOOPBACK, port: address.port });
  inner.pause(); // as TLS begins on it
  inner.setNoDelay(true);
  opened.push(inner);
  const connected = new Promise<void>((resolve, reject) => {
    inner.once("connect", resolve);
    inner.on("error", reject);
  });
  const accepted = new Promise<Socket>((resolve) => {
    listener.on("connection", (other: Socket) => {
      opened.push(other);
      other.on("error", () => other.destroy());
      const close = () => other.destroy();
      // Any process of this machine may connect; ours is known by its port.
      connected.then(() => other.remotePort === inner.localPort ? resolve(other) : close(), close);
    });
  });
  await connected;
  return { inner, other: await accepted };
}

function join(a: Socket, b: Socket): void {
  b.setNoDelay(true);
  for (const [from, to] of [[a, b], [b, a]] as const) {
    from.pipe(to);
    from.once("close", () => to.destroy());
    from.on("error", () => to.destroy());
    if (from.destroyed) to.destroy();
  }
}
