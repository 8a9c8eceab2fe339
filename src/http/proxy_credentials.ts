import type { CallOptions, Clock } from "../core/env.ts";
import { LIMITS } from "../core/limits.ts";
import { Semaphore } from "../core/semaphore.ts";
import { type HttpProxy, proxyAuthorizationOf } from "./proxy.ts";
import {
  isBasicRefused,
  PROXY_AUTHENTICATION_REQUIRED,
  type ProxyAnswer,
  proxyCredentialsRefusedOf,
  proxyRefusalOf,
} from "./proxy_error.ts";

/**
 * Sends something to a proxy with its credentials, and keeps the account behind them from being
 * locked out: as long as no answer vouches for them, they are tried by one connection at a time,
 * and after a refusal not at all for `LIMITS.credentialHoldMs` (after the first refusal of what had
 * worked, `LIMITS.signInBackoffMs`). All connections of the process share this.
 *
 * Resolves with any answer but 407, which it rejects with the reason; also while on hold.
 */
export async function withProxyCredentials<T extends ProxyAnswer>(
  { proxy, target, clock }: ProxyUse,
  attempt: () => Promise<T>,
  options: CallOptions,
): Promise<T> {
  const authorization = proxyAuthorizationOf(proxy);
  const use = { proxy, target, clock };
  if (authorization === undefined) return passed(use, await attempt());
  const key = `${proxy.url.host} ${authorization}`;
  const standing = STANDINGS.get(key) ?? new Standing();
  STANDINGS.set(key, standing);
  return await standing.use(use, attempt, options);
}

export interface ProxyUse {
  readonly proxy: HttpProxy;
  readonly target: URL;
  readonly clock: Clock;
}

/** By proxy and credentials: a process has one or two. */
const STANDINGS = new Map<string, Standing>();

/** How some credentials stand with a proxy. Times are of the monotonic clock. */
class Standing {
  readonly #alone = new Semaphore(1);
  #provenUntilMs = -Infinity;
  #heldUntilMs = -Infinity;
  /** Whether they have worked since they were last refused. */
  #worked = false;

  async use<T extends ProxyAnswer>(
    use: ProxyUse,
    attempt: () => Promise<T>,
    options: CallOptions,
  ): Promise<T> {
    this.#check(use);
    while (!this.#isProven(use)) {
      const alone = await this.#alone.run(async () => {
        // Whoever was before us may have settled the matter either way.
        if (this.#isProven(use)) return undefined;
        this.#check(use);
        return { answer: this.#judged(use, await attempt()) };
      }, options);
      if (alone) return alone.answer;
    }
    return this.#judged(use, await attempt());
  }

  #isProven({ clock }: ProxyUse): boolean {
    return clock.monotonicMs() < this.#provenUntilMs;
  }

  #check({ proxy, target, clock }: ProxyUse): void {
    const remainingMs = Math.ceil(this.#heldUntilMs - clock.monotonicMs());
    if (remainingMs <= 0) return;
    const until = new Date(clock.now().getTime() + remainingMs);
    throw proxyCredentialsRefusedOf(proxy, target, until, remainingMs);
  }

  #judged<T extends ProxyAnswer>(use: ProxyUse, answer: T): T {
    const nowMs = use.clock.monotonicMs();
    if (isBasicRefused(answer)) {
      const holdMs = this.#worked ? LIMITS.signInBackoffMs : LIMITS.credentialHoldMs;
      this.#worked = false;
      this.#provenUntilMs = -Infinity;
      this.#heldUntilMs = Math.max(this.#heldUntilMs, nowMs + holdMs);
      this.#check(use);
    } else if (answer.status < 300 || answer.status === 401) {
      // A 401 is of the server behind; other refusals may come before a proxy looks at them.
      this.#worked = true;
      this.#provenUntilMs = nowMs + LIMITS.signInProofMs;
    }
    return passed(use, answer);
  }
}

function passed<T extends ProxyAnswer>({ proxy, target }: ProxyUse, answer: T): T {
  if (answer.status === PROXY_AUTHENTICATION_REQUIRED) throw proxyRefusalOf(proxy, target, answer);
  return answer;
}
