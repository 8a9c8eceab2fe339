import { type Stop, StopBegun, StopController } from "../sync/stop.ts";
import type { Env } from "../core/env.ts";

/** Where the configuration comes from, as often as it is asked for. */
export interface ReloadSource<C> {
  /** With it the first life begins. */
  readonly first: C;
  /** The configuration as it is now, or why it cannot be used, one line for each reason. */
  load(): Promise<{ readonly config: C } | { readonly problems: readonly string[] }>;
  /** Whether two of them are the same in everything. */
  isSame(a: C, b: C): boolean;
  /** Calls back whenever somebody asks for a reload (SIGHUP), until it is disposed. */
  onRequest(listener: () => void): Disposable;
}

/**
 * Lives on through changes of the configuration: a valid one ends the life gracefully, and the next
 * begins with it; an invalid one is reported and the old one kept (spec section 2). Resolves to what
 * a life that ended by itself resolves to.
 *
 * @throws StopBegun when the process is stopped, and what a life throws.
 */
export async function reloading<C, T>(
  live: (config: C, stop: StopController) => Promise<T>,
  source: ReloadSource<C>,
  { env, stop }: { readonly env: Env; readonly stop: Stop },
): Promise<T> {
  for (let config = source.first;;) {
    stop.begun.throwIfAborted();
    using life = new Life(source, config, env);
    const begin = () => life.stop.begin();
    stop.begun.addEventListener("abort", begin, { once: true });
    let next: { readonly config: C } | undefined;
    try {
      const ended = await live(config, life.stop);
      next = await life.next();
      if (!next) return ended;
    } catch (thrown) {
      next = thrown instanceof StopBegun ? await life.next() : undefined;
      if (!next) throw thrown;
    } finally {
      stop.begun.removeEventListener("abort", begin);
    }
    config = next.config;
  }
}

/** Watches over one life: it ends when another configuration is there. */
class Life<C> implements Disposable {
  readonly stop: StopController;
  #next: { readonly config: C } | undefined;
  readonly #source: ReloadSource<C>;
  readonly #config: C;
  readonly #env: Env;
  readonly #requests: Disposable;
  #reading = Promise.resolve();

  constructor(source: ReloadSource<C>, config: C, env: Env) {
    this.#source = source;
    this.#config = config;
    this.#env = env;
    this.stop = new StopController(env.clock);
    this.#requests = source.onRequest(() => {
      // One after another: the last one asked for is the last one read.
      this.#reading = this.#reading.then(() => this.#reload());
    });
  }

  /** What to go on with after this life, once everything asked for in it has been read. */
  async next(): Promise<{ readonly config: C } | undefined> {
    await this.#reading;
    return this.#next;
  }

  [Symbol.dispose](): void {
    this.#requests[Symbol.dispose]();
    this.stop[Symbol.dispose]();
  }

  async #reload(): Promise<void> {
    // A life that ends for another configuration ends for the latest one.
    if (this.stop.begun.aborted && !this.#next) return;
    const { log } = this.#env;
    const loaded = await this.#source.load();
    if ("problems" in loaded) {
      for (const reason of loaded.problems) {
        log.error("The changed configuration is not used; the one before goes on.", { reason });
      }
    } else if (!this.#next && this.#source.isSame(loaded.config, this.#config)) {
      log.info("The configuration was read again and is the same.");
    } else {
      log.info("The configuration has changed; starting again with it.");
      this.#next = loaded;
      this.stop.begin();
    }
  }
}
