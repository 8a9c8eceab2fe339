import type { Clock } from "../core/env.ts";
import type { Connection } from "./connection.ts";

interface IdleConnection {
  readonly connection: Connection;
  /** Ends the wait for its expiry. */
  readonly taken: AbortController;
}

/** Connections that serve no request; each is closed when it was not needed for a while. */
export class IdleConnections {
  readonly #clock: Clock;
  readonly #idleMs: number;
  /** The last one put is the first one taken, so that those too many grow old. */
  readonly #connections: IdleConnection[] = [];
  readonly #expiries = new Set<Promise<void>>();

  constructor(clock: Clock, idleMs: number) {
    this.#clock = clock;
    this.#idleMs = idleMs;
  }

  put(connection: Connection): void {
    if (connection.closed) return connection.destroy();
    const idle = { connection, taken: new AbortController() };
    this.#connections.push(idle);
    const expiry = this.#expire(idle).finally(() => this.#expiries.delete(expiry));
    this.#expiries.add(expiry);
  }

  /** One of them, if there is any; the server may have closed it. */
  take(): Connection | undefined {
    const idle = this.#connections.pop();
    idle?.taken.abort();
    return idle?.connection;
  }

  /** Closes all of them. */
  async close(): Promise<void> {
    for (let connection = this.take(); connection; connection = this.take()) connection.destroy();
    await Promise.all(this.#expiries);
  }

  async #expire(idle: IdleConnection): Promise<void> {
    const { signal } = idle.taken;
    try {
      await this.#clock.sleep(this.#idleMs, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
      return; // taken in time
    }
    this.#connections.splice(this.#connections.indexOf(idle), 1);
    idle.connection.destroy();
  }
}
