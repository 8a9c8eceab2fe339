import type { CallOptions, Clock } from "../core/env.ts";
import { type ErrorKind, SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { Semaphore } from "../core/semaphore.ts";

/**
 * What one sign-in came to. `undecided`: the answer says nothing about the credentials (the server
 * is out of order, say), and the next sign-in is as alone as this one was.
 */
export type SignInResult<T> =
  | { readonly verdict: "accepted" | "undecided"; readonly value: T }
  | {
    readonly verdict: "refused";
    /** Absent: nothing is known but that it was refused. */
    readonly refusal?: Refusal;
    /** Without a refusal: the remedy, where that of the gate does not fit. */
    readonly hint?: string;
  };

/** Why a sign-in was refused, where more is known than that it was: parts of a `SyncError`. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

const NTLM_HINT =
  "Check `auth_user` and `auth_password`, whether the account is locked or expired, and that " +
  "nothing between here and Exchange ends TLS (channel binding)";

/** What a gate rejects with: the request it is about was not processed. */
export class SignInRefused extends SyncError {}

/** Why nothing may pass, and until when on the monotonic clock. */
interface Closure extends Refusal {
  readonly kind: ErrorKind;
  readonly untilMs: number;
}

/**
 * Keeps one account from being locked out (spec section 7, "Credentials"): one object per process
 * and account, shared by all connections.
 *
 * - As long as no sign-in vouches for the credentials, they are tried by one connection at a time.
 * - A refusal before any success closes the gate for `LIMITS.credentialHoldMs`, kind `fatal`.
 * - A refusal after one counts as throttling first: closed for `LIMITS.signInBackoffMs`, kind
 *   `retryable`; if the one sign-in after that is refused too, closed as above, kind `mailbox`.
 *
 * A sign-in vouches for others for `LIMITS.signInProofMs`, or until a connection is lost: otherwise
 * a password that is changed while connections come and go would be refused as often as there are
 * connections. What is in flight side by side within `LIMITS.signInProofAfterLossMs` still may be.
 */
export class CredentialGate {
  readonly #account: string;
  readonly #clock: Clock;
  readonly #alone = new Semaphore(1);
  /** When, on the monotonic clock, the success was that vouches; absent while there is none. */
  #provenAtMs: number | undefined;
  #everAccepted = false;
  #closure: Closure | undefined;
  /** Counts openings and closings: a verdict from before the last of them is no news. */
  #epoch = 0;

  /** `account` is the configured user name, for messages. */
  constructor(account: string, clock: Clock) {
    this.#account = account;
    this.#clock = clock;
  }

  /** Whether these credentials have worked in this process. */
  get everAccepted(): boolean {
    return this.#everAccepted;
  }

  /** Whether nothing may be sent now. */
  get closed(): boolean {
    return this.#remainingMs() > 0;
  }

  /** Throws the reason while nothing may be sent, with the remaining hold as `retryAfterMs`. */
  check(): void {
    const closure = this.#closure;
    const retryAfterMs = this.#remainingMs();
    if (!closure || retryAfterMs === 0) return;
    const { kind, code, message, hint } = closure;
    throw new SignInRefused(kind, code, message, { hint, retryAfterMs });
  }

  /** The secret was replaced: what holds for the old one no longer counts. */
  secretChanged(): void {
    this.#epoch++;
    this.#provenAtMs = undefined;
    this.#closure = undefined;
  }

  /**
   * A connection that these credentials were used on is no more. Where all end at once, the password
   * may have been changed meanwhile, and it is one sign-in that finds out.
   */
  connectionLost(): void {
    if (!this.#provenSince(LIMITS.signInProofAfterLossMs)) this.#provenAtMs = undefined;
  }

  /**
   * Runs `attempt` when the rules above allow it. Rejects as `check` does, also when this attempt is
   * refused; with what `attempt` rejects with, which is not a refusal; or with the signal's reason.
   */
  async signIn<T>(attempt: () => Promise<SignInResult<T>>, options: CallOptions): Promise<T> {
    while (!this.#isProven()) {
      const alone = await this.#alone.run(async () => {
        // Whoever was before us may have settled the matter either way.
        if (this.#isProven()) return undefined;
        return { value: await this.#judged(attempt) };
      }, options);
      if (alone) return alone.value;
    }
    return await this.#judged(attempt);
  }

  #remainingMs(): number {
    if (!this.#closure) return 0;
    return Math.max(0, Math.ceil(this.#closure.untilMs - this.#clock.monotonicMs()));
  }

  #isProven(): boolean {
    return this.#provenSince(LIMITS.signInProofMs);
  }

  /** Whether the success that vouches is younger than this. */
  #provenSince(ageMs: number): boolean {
    return this.#provenAtMs !== undefined && this.#clock.monotonicMs() < this.#provenAtMs + ageMs;
  }

  async #judged<T>(attempt: () => Promise<SignInResult<T>>): Promise<T> {
    this.check();
    const epoch = this.#epoch;
    const result = await attempt();
    if (result.verdict === "refused") {
      if (epoch === this.#epoch) this.#refused(result);
      this.check();
      throw this.#overtaken();
    }
    if (result.verdict === "accepted" && epoch === this.#epoch) this.#accepted();
    return result.value;
  }

  #accepted(): void {
    this.#everAccepted = true;
    this.#provenAtMs = this.#clock.monotonicMs();
    // Not an epoch of its own: attempts that run side by side with this one still count.
    this.#closure = undefined;
  }

  #refused({ refusal, hint }: { readonly refusal?: Refusal; readonly hint?: string }): void {
    const throttling = this.#everAccepted && this.#closure === undefined;
    this.#epoch++;
    this.#provenAtMs = undefined;
    this.#closure = throttling
      ? this.#throttled(refusal ?? this.#throttling())
      : this.#held(refusal ?? this.#refusal(hint));
  }

  #throttled(refusal: Refusal): Closure {
    const untilMs = this.#clock.monotonicMs() + LIMITS.signInBackoffMs;
    return { ...refusal, kind: "retryable", untilMs };
  }

  #held(refusal: Refusal): Closure {
    const until = new Date(this.#clock.now().getTime() + LIMITS.credentialHoldMs);
    return {
      ...refusal,
      kind: this.#everAccepted ? "mailbox" : "fatal",
      message: `${refusal.message}; not tried again before ${until.toISOString()}`,
      untilMs: this.#clock.monotonicMs() + LIMITS.credentialHoldMs,
    };
  }

  #throttling(): Refusal {
    return {
      code: "SignInThrottled",
      message: `Exchange refused a sign-in of "${this.#account}" that had worked before`,
      hint: "Nothing for now: it is tried once more; check throttling policies if this repeats",
    };
  }

  #refusal(hint = NTLM_HINT): Refusal {
    return {
      code: "CredentialsRefused",
      message: `Exchange refused the credentials of "${this.#account}"`,
      hint,
    };
  }

  /** Refused, but a sign-in that began later has told more: let the caller try again. */
  #overtaken(): SyncError {
    return new SignInRefused(
      "retryable",
      "SignInThrottled",
      `Exchange refused a sign-in of "${this.#account}" and accepted another one`,
      { hint: "Nothing for now: it is tried again" },
    );
  }
}
