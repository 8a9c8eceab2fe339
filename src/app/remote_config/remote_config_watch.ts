import { createHash } from "node:crypto";
import { backoffMs } from "../../core/backoff.ts";
import { changedTargets, type CredentialTargets } from "../../config/credential_targets.ts";
import type { Env } from "../../core/env.ts";
import { type SyncError, syncErrorOf } from "../../core/errors.ts";
import { LIMITS } from "../../core/limits.ts";
import { type Stop, StopBegun } from "../../sync/stop.ts";
import type { ReloadSource } from "../reloading.ts";
import type { MeantConfig } from "./meant_config.ts";
import { remoteConfigMissing, type RemoteConfigStore } from "./remote_config_store.ts";

export interface RemoteWatchOptions<C> {
  readonly store: RemoteConfigStore;
  /** What its bytes mean. Never rejects for what is wrong in them. */
  readonly meaningOf: (bytes: Uint8Array) => Promise<MeantConfig<C>>;
  /** Calls back at each SIGHUP until it is disposed. */
  readonly onHangUp: (listener: () => void) => Disposable;
  readonly env: Env;
  readonly stop: Stop;
}

/** How often a remote configuration is read again (spec section 2), give or take a tenth. */
const READ_AGAIN_MS = 5 * 60_000;
/** With `--once` somebody waits. */
const ATTEMPTS_ONCE = 3;

/**
 * Reads the remote configuration that the process begins with. What cannot be read is asked for
 * again, with growing pauses, until it can or a stop begins; with `once` a few times. What can be
 * read and not be used is given back as its problems.
 *
 * @throws SyncError of kind `fatal`; with `once`, and no success, any; `StopBegun`.
 */
export async function watchRemoteConfig<C>(
  options: RemoteWatchOptions<C>,
  { once }: { readonly once: boolean },
): Promise<RemoteConfigWatch<C> | { readonly problems: readonly string[] }> {
  const { store, meaningOf, env } = options;
  const bytes = await firstBytes(options, once);
  const meaning = await meaningOf(bytes);
  if ("problems" in meaning) return meaning;
  env.log.info("Using the remote configuration.", { place: store.place });
  return new RemoteConfigWatch(options, bytes, meaning);
}

async function firstBytes<C>(
  { store, env, stop }: RemoteWatchOptions<C>,
  once: boolean,
): Promise<Uint8Array> {
  for (let failures = 0;; failures++) {
    try {
      return await bytesOf(store, stop.begun);
    } catch (thrown) {
      if (thrown instanceof StopBegun) throw thrown;
      const error = syncErrorOf(thrown);
      if (error.kind === "fatal" || once && failures + 1 >= ATTEMPTS_ONCE) throw error;
      const delayMs = error.retryAfterMs ?? backoffMs(failures, LIMITS, env.entropy);
      env.log.error("The remote configuration cannot be read; trying again.", {
        ...fieldsOf(store, error),
        attempt: failures + 1,
        delayMs,
      });
      await env.clock.sleep(delayMs, { signal: stop.begun });
    }
  }
}

async function bytesOf(store: RemoteConfigStore, signal: AbortSignal): Promise<Uint8Array> {
  const bytes = await store.read({ signal });
  if (!bytes) throw remoteConfigMissing(store.place);
  return bytes;
}

function fieldsOf({ place }: RemoteConfigStore, { code, message, hint }: SyncError) {
  return { place, code, reason: message, hint };
}

/**
 * A remote configuration for as long as the process runs: read again every five minutes and on
 * SIGHUP, and reported as a reload only where there is news. A change of where credentials go is
 * refused as a whole, with everything else in it: half of a configuration is none that anybody wrote
 * (spec section 2). What cannot be read any more is said once, and the one in use stays.
 */
export class RemoteConfigWatch<C> implements Pick<ReloadSource<C>, "first" | "load" | "onRequest"> {
  readonly first: C;
  readonly #options: RemoteWatchOptions<C>;
  /** Of the configuration the process began with. */
  readonly #targets: CredentialTargets;
  /** Digest of the bytes whose meaning was last reported. */
  #seen: string;
  #latest: { readonly config: C } | { readonly problems: readonly string[] };
  #isUnreadable = false;
  #looking: Promise<void> = Promise.resolve();

  constructor(
    options: RemoteWatchOptions<C>,
    bytes: Uint8Array,
    { config, targets }: { readonly config: C; readonly targets: CredentialTargets },
  ) {
    this.#options = options;
    this.first = config;
    this.#targets = targets;
    this.#seen = digestOf(bytes);
    this.#latest = { config };
  }

  /** What was found when a reload was last asked for. */
  readonly load = (): Promise<
    { readonly config: C } | { readonly problems: readonly string[] }
  > => Promise.resolve(this.#latest);

  readonly onRequest = (listener: () => void): Disposable => {
    const over = new AbortController();
    const { onHangUp, env, stop } = this.#options;
    const signal = AbortSignal.any([stop.begun, over.signal]);
    const look = (isAsked: boolean) => this.#lookInTurn({ isAsked, listener, signal });
    const hangUps = onHangUp(() => void look(true));
    const readAgain = async () => {
      for (;;) {
        const delayMs = READ_AGAIN_MS * (0.9 + 0.2 * env.entropy.next());
        await env.clock.sleep(Math.round(delayMs), { signal });
        await look(false);
      }
    };
    // It ends by its signal and by nothing else: a look never rejects.
    readAgain().catch(() => undefined);
    return {
      [Symbol.dispose]: () => {
        over.abort(new StopBegun());
        hangUps[Symbol.dispose]();
      },
    };
  };

  /** One after another: the last look is the latest. */
  #lookInTurn(look: Look): Promise<void> {
    return this.#looking = this.#looking.then(() => this.#look(look));
  }

  async #look(look: Look): Promise<void> {
    if (look.signal.aborted) return;
    const { store, meaningOf } = this.#options;
    try {
      const bytes = await bytesOf(store, look.signal);
      this.#sayReadable();
      const digest = digestOf(bytes);
      // Files that it names may hold something else, so that whoever asks gets it read again.
      if (digest === this.#seen && !look.isAsked) return;
      const meaning = await meaningOf(bytes);
      // Who is no longer there must not miss news: the next life finds them.
      if (look.signal.aborted) return;
      this.#seen = digest;
      this.#report(meaning, look);
    } catch (thrown) {
      if (!look.signal.aborted) this.#sayUnreadable(syncErrorOf(thrown), look);
    }
  }

  #report(meaning: MeantConfig<C>, { listener }: Look): void {
    if ("problems" in meaning) {
      this.#latest = meaning;
      return listener();
    }
    const changes = changedTargets(this.#targets, meaning.targets);
    if (changes.length === 0) {
      this.#latest = { config: meaning.config };
      return listener();
    }
    const { store, env } = this.#options;
    env.log.warn(
      "The remote configuration would change where credentials go; none of it is used.",
      {
        place: store.place,
        changes,
        hint: "Restart the process to accept it, or take the change back",
      },
    );
  }

  #sayReadable(): void {
    if (!this.#isUnreadable) return;
    this.#isUnreadable = false;
    const { store, env } = this.#options;
    env.log.info("The remote configuration can be read again.", { place: store.place });
  }

  #sayUnreadable(error: SyncError, { isAsked }: Look): void {
    if (this.#isUnreadable && !isAsked) return;
    this.#isUnreadable = true;
    const { store, env } = this.#options;
    env.log.warn(
      "The remote configuration cannot be read; the one in use stays.",
      fieldsOf(store, error),
    );
  }
}

interface Look {
  /** By SIGHUP, not by the clock. */
  readonly isAsked: boolean;
  readonly listener: () => void;
  /** Aborted once nobody listens. */
  readonly signal: AbortSignal;
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
