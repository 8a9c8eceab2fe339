/**
 * The front end of a server as a process of its own: hands bytes on, in both directions, and knows
 * nothing. It can be killed as a server is; what the server holds lives behind it.
 *
 * Arguments: the port to listen on (0: a free one), and that of the server. Prints its own.
 */
import { systemClock } from "../../src/runtime/system.ts";
import { serveCommands } from "./commands.ts";

const LOOPBACK = "127.0.0.1";
/** A port stays taken for a moment after the death of whoever had it. */
const LISTEN_TRIES = 100;
const LISTEN_AGAIN_MS = 100;

async function listen(port: number): Promise<Deno.TcpListener> {
  const forever = { signal: new AbortController().signal };
  for (let left = LISTEN_TRIES;; left--) {
    try {
      return Deno.listen({ hostname: LOOPBACK, port });
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse) || left === 0) throw error;
      await systemClock.sleep(LISTEN_AGAIN_MS, forever);
    }
  }
}

/** Either side may go at any time, in any way: then the other one goes, too. */
async function relay(client: Deno.TcpConn, port: number): Promise<void> {
  using from = client;
  try {
    using to = await Deno.connect({ hostname: LOOPBACK, port });
    from.setNoDelay(true);
    to.setNoDelay(true);
    await Promise.race([from.readable.pipeTo(to.writable), to.readable.pipeTo(from.writable)]);
  } catch {
    return;
  }
}

if (import.meta.main) {
  const [own, server] = Deno.args.map(Number);
  const listener = await listen(own!);
  void serveCommands({ port: listener.addr.port }, {}).then(() => Deno.exit(0));
  for await (const client of listener) void relay(client, server!);
}
