import type { CallOptions, Env } from "../core/env.ts";
import { SyncError, syncErrorOf } from "../core/errors.ts";
import type { BlobLeases } from "./blob_leases.ts";

export interface MailboxLeaseOptions {
  readonly leases: Pick<BlobLeases, "renew" | "release">;
  /** Name of the leased blob. */
  readonly name: string;
  /** The lease's id, ours alone. */
  readonly id: string;
  readonly env: Pick<Env, "clock" | "log">;
  /** When the lease that is kept here was asked for, on the monotonic clock, ms. */
  readonly askedMs: number;
}

/** The longest that a lease with an end may last, which is what a killed holder costs. */
export const LEASE_S = 60;
const LEASE_MS = LEASE_S * 1000;
const RENEW_MS = 15_000;
/** A renewal that failed is tried again after this: three times fit into what is left. */
const RENEW_AGAIN_MS = 5_000;

/** A process that ends must not wait for a service that does not answer. */
const RELEASE_MS_MAX = 5_000;

/**
 * A lease on a blob, kept while it is not disposed: renewed every 15 s, so that it outlasts a short
 * outage. Its time is counted on our side from when a renewal was sent, which is earlier than the
 * service counts it from. One that ran out in a longer outage is ours again if nobody took it
 * meanwhile: the service then renews it under its id.
 */
export class MailboxLease implements AsyncDisposable {
  readonly #options: MailboxLeaseOptions;
  readonly #life = new AbortController();
  readonly #keeping: Promise<void>;
  #heldUntilMs: number;
  #lost: SyncError | undefined;
  #isSaidEnded = false;
  #renewing: Promise<void> | undefined;

  constructor(options: MailboxLeaseOptions) {
    this.#options = options;
    this.#heldUntilMs = options.askedMs + LEASE_MS;
    this.#keeping = this.#keep();
  }

  /**
   * For what does no harm twice: the service is asked only when the lease may have ended. Rejects
   * with kind `mailbox` and code `MailboxLost` if it is no longer ours, with kind `destination` if
   * that cannot be told.
   */
  async check({ signal }: CallOptions): Promise<void> {
    signal.throwIfAborted();
    if (this.#lost || !this.#isInTime) await this.confirm({ signal });
  }

  /**
   * Before progress is written: the service is asked, for a lease can be broken, and a process can be
   * stopped while its clock stands. Where it does not answer, the lease's own time counts. Rejects as
   * `check` does, and with the signal's reason at once.
   */
  async confirm({ signal }: CallOptions): Promise<void> {
    signal.throwIfAborted();
    if (this.#lost) throw this.#lost;
    try {
      await waitFor(this.#renewed(), signal);
    } catch (thrown) {
      signal.throwIfAborted();
      if (this.#lost || !this.#isInTime) throw thrown;
    }
  }

  /** Gives the lease up; if that fails, or takes too long, it ends by itself. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#life.abort();
    await this.#keeping;
    if (this.#lost) return;
    const deadline = new AbortController();
    const released = new AbortController();
    this.#options.env.clock.sleep(RELEASE_MS_MAX, { signal: released.signal }).then(
      () => deadline.abort(new Error("The service does not answer")),
      () => {}, // released in time
    );
    try {
      await this.#release({ signal: deadline.signal });
    } finally {
      released.abort();
    }
  }

  async #release(options: CallOptions): Promise<void> {
    const { leases, name, id, env } = this.#options;
    try {
      await leases.release(name, id, options);
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      const fields = { file: name, reason };
      env.log.debug("A lease was not given up; it ends by itself within a minute.", fields);
    }
  }

  get #isInTime(): boolean {
    return this.#options.env.clock.monotonicMs() < this.#heldUntilMs;
  }

  async #keep(): Promise<void> {
    const { clock } = this.#options.env;
    const { signal } = this.#life;
    let pauseMs = RENEW_MS;
    while (!signal.aborted) {
      try {
        await clock.sleep(pauseMs, { signal });
        await this.#renewed();
        pauseMs = RENEW_MS;
      } catch (thrown) {
        if (signal.aborted) return;
        pauseMs = RENEW_AGAIN_MS;
        this.#sayEnded(thrown);
      }
    }
  }

  /** An outage is the destination's to tell; what it did to this mailbox is said once. */
  #sayEnded(thrown: unknown): void {
    if (this.#isInTime || this.#isSaidEnded) return;
    this.#isSaidEnded = true;
    const { env: { log }, name: file } = this.#options;
    const { code, message: reason, hint } = syncErrorOf(thrown);
    log.warn("A lease has ended and cannot be renewed; nothing is written without it.", {
      file,
      code,
      reason,
      hint,
    });
  }

  /** The one renewal under way, begun if there is none. */
  #renewed(): Promise<void> {
    this.#renewing ??= this.#renew().finally(() => this.#renewing = undefined);
    return this.#renewing;
  }

  async #renew(): Promise<void> {
    const { leases, name, id, env } = this.#options;
    const sentMs = env.clock.monotonicMs();
    const isOurs = await leases.renew(name, id, { signal: this.#life.signal });
    if (!isOurs) throw this.#lose();
    this.#heldUntilMs = sentMs + LEASE_MS;
    this.#isSaidEnded = false;
  }

  #lose(): SyncError {
    this.#lost = mailboxLost(this.#options.name);
    this.#life.abort();
    return this.#lost;
  }
}

/** The renewal is others' as well: whoever stops waiting does not end it. */
async function waitFor(renewal: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([renewal, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function mailboxLost(name: string): SyncError {
  return new SyncError(
    "mailbox",
    "MailboxLost",
    `This process no longer holds the lease on "${name}": another one may have taken it`,
    {
      hint: "Let one instance sync a mailbox to one place, and restart this one if no other " +
        "takes the mailbox over",
    },
  );
}
