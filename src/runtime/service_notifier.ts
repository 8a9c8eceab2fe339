import { join } from "node:path";
import type { Env } from "../core/env.ts";

export interface NotifierOptions {
  /** Path of the service manager's socket. */
  readonly socket: string;
  /** Where our socket lies. */
  readonly folder: string;
  /** Absent: nobody waits for signs of life. */
  readonly watchdogMs?: number;
}

/**
 * Tells systemd how the service is (sd_notify(3)): one datagram for each thing. What cannot be said
 * is a warning, once, and stops nothing.
 */
export class ServiceNotifier implements Disposable {
  readonly #options: NotifierOptions;
  readonly #env: Env;
  readonly #ended = new AbortController();
  #socket: Deno.DatagramConn | undefined;

  constructor(options: NotifierOptions, env: Env) {
    this.#options = options;
    this.#env = env;
    try {
      const path = join(options.folder, `notify-${Deno.pid}`);
      this.#socket = Deno.listenDatagram({ transport: "unixpacket", path });
    } catch (thrown) {
      this.#giveUp(thrown);
    }
  }

  /** The service is up. From now on signs of life follow, twice as often as they are asked for. */
  async ready(): Promise<void> {
    await this.#say("READY=1");
    const { watchdogMs } = this.#options;
    if (watchdogMs !== undefined) void this.#showLife(watchdogMs / 2);
  }

  /** The service has begun to stop. */
  async stopping(): Promise<void> {
    await this.#say("STOPPING=1");
  }

  async #showLife(everyMs: number): Promise<void> {
    const { signal } = this.#ended;
    while (!signal.aborted && this.#socket) {
      await this.#say("WATCHDOG=1");
      // A wait that is cut short was the last one.
      await this.#env.clock.sleep(everyMs, { signal }).catch(() => undefined);
    }
  }

  async #say(state: string): Promise<void> {
    const { socket: path } = this.#options;
    try {
      const message = new TextEncoder().encode(state);
      await this.#socket?.send(message, { transport: "unixpacket", path });
    } catch (thrown) {
      if (!this.#ended.signal.aborted) this.#giveUp(thrown);
    }
  }

  #giveUp(thrown: unknown): void {
    this.#close();
    this.#env.log.warn("The service manager cannot be told how the service is.", {
      reason: thrown instanceof Error ? thrown.message : String(thrown),
      hint: "Look at the unit: Type=notify needs RuntimeDirectory= and AF_UNIX",
    });
  }

  #close(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }

  [Symbol.dispose](): void {
    this.#ended.abort();
    this.#close();
  }
}
