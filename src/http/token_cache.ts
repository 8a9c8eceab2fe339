import type { CallOptions, Clock, Logger } from "../core/env.ts";
import { SyncError, syncErrorOf } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { Secret } from "../core/secret.ts";
import { SignInRefused } from "./credential_gate.ts";
import type { AccessToken, TokenSource } from "./token_source.ts";

/** A token as an authority issues it. */
export interface IssuedToken {
  readonly value: Secret;
  /** How long it is valid, ms from when it was asked for. */
  readonly lifetimeMs: number;
  /** When the authority wants it renewed, ms from when it was asked for; absent: it does not say. */
  readonly renewAfterMs?: number;
}

export interface TokenCacheOptions {
  /** Asks the authority once, however that may be kept from happening too often. */
  readonly request: (options: CallOptions) => Promise<IssuedToken>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A token, and times of the monotonic clock, ms. */
interface HeldToken extends AccessToken {
  readonly renewAtMs: number;
  readonly expiresAtMs: number;
}

/**
 * Keeps the token for one scope. It is renewed ahead of its expiry while requests go on with the old
 * one; a renewal that fails does no harm as long as that is valid. Life is counted from when the
 * token was asked for, on our monotonic clock, so that a wall clock that is off changes nothing.
 */
export class TokenCache implements TokenSource {
  readonly #options: TokenCacheOptions;
  readonly #life = new AbortController();
  #held: HeldToken | undefined;
  #asking: Promise<HeldToken> | undefined;
  #renewNotBeforeMs = 0;
  #failure: { readonly error: SyncError; readonly untilMs: number } | undefined;

  constructor(options: TokenCacheOptions) {
    this.#options = options;
  }

  async token({ signal }: CallOptions): Promise<AccessToken> {
    signal.throwIfAborted();
    const held = this.#held;
    const nowMs = this.#options.clock.monotonicMs();
    if (!held || nowMs >= held.expiresAtMs) return await waitFor(this.#asked(), signal);
    if (nowMs >= held.renewAtMs && nowMs >= this.#renewNotBeforeMs && !this.#asking) {
      this.#renewInBackground(held);
    }
    return held;
  }

  async replacement(refused: AccessToken, options: CallOptions): Promise<AccessToken> {
    options.signal.throwIfAborted();
    if (this.#held !== refused) return await this.token(options);
    return await waitFor(this.#asked(), options.signal);
  }

  /** Ends what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#life.abort(new Error("The token source was closed"));
    await this.#asking?.catch(() => {});
  }

  /** The one request under way, begun if there is none. */
  #asked(): Promise<HeldToken> {
    if (this.#asking) return this.#asking;
    this.#asking = this.#ask().finally(() => this.#asking = undefined);
    // Whoever waits hears of a failure; there may be nobody left who does.
    this.#asking.catch(() => {});
    return this.#asking;
  }

  async #ask(): Promise<HeldToken> {
    const { clock, request } = this.#options;
    this.#checkPause();
    const askedMs = clock.monotonicMs();
    try {
      const issued = await request({ signal: this.#life.signal });
      this.#held = heldTokenOf(issued, askedMs);
      this.#failure = undefined;
      return this.#held;
    } catch (thrown) {
      this.#life.signal.throwIfAborted();
      const error = syncErrorOf(thrown);
      // Refusals are held by the gate, which opens as soon as the secret is replaced.
      if (error.kind !== "retryable" || error instanceof SignInRefused) throw error;
      const { retryAfterMs: wanted = LIMITS.tokenFailurePauseMs } = error;
      const untilMs = clock.monotonicMs() + Math.min(wanted, LIMITS.tokenFailurePauseMsMax);
      this.#failure = { error, untilMs };
      // Whoever hears of it also hears how long it is useless to ask again.
      this.#checkPause();
      throw error;
    }
  }

  #checkPause(): void {
    if (!this.#failure) return;
    const { error, untilMs } = this.#failure;
    const retryAfterMs = Math.ceil(untilMs - this.#options.clock.monotonicMs());
    if (retryAfterMs <= 0) return;
    const { kind, code, message, hint } = error;
    throw new SyncError(kind, code, message, {
      retryAfterMs,
      cause: error,
      ...(hint === undefined ? {} : { hint }),
    });
  }

  #renewInBackground(held: HeldToken): void {
    const { clock, log } = this.#options;
    this.#asked().catch((thrown) => {
      if (this.#life.signal.aborted) return;
      const { code, message, hint, retryAfterMs = 0 } = syncErrorOf(thrown);
      const nowMs = clock.monotonicMs();
      this.#renewNotBeforeMs = nowMs + Math.max(retryAfterMs, LIMITS.tokenRenewalPauseMs);
      log.warn("The access token cannot be renewed; the old one is used until it expires.", {
        code,
        reason: message,
        hint,
        validForMs: Math.max(0, Math.round(held.expiresAtMs - nowMs)),
      });
    });
  }
}

function heldTokenOf({ value, lifetimeMs, renewAfterMs }: IssuedToken, askedMs: number): HeldToken {
  const aheadMs = Math.min(LIMITS.tokenRenewalAheadMs, lifetimeMs / 10);
  const renewMs = Math.min(renewAfterMs ?? lifetimeMs, lifetimeMs - aheadMs);
  return { value, renewAtMs: askedMs + renewMs, expiresAtMs: askedMs + lifetimeMs };
}

/** What many wait for is not ended by one of them. */
async function waitFor<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
