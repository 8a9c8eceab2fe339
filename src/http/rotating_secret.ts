import type { Logger } from "../core/env.ts";
import { syncErrorOf } from "../core/errors.ts";
import type { Secret } from "../core/secret.ts";

export interface RotatingSecretOptions {
  /** Reads the secret from where it is kept; what it rejects with is logged. */
  readonly read: () => Promise<Secret>;
  /** Told when another secret takes the place of the one before: a gate's `secretChanged`. */
  readonly onChange: () => void;
  readonly log: Logger;
}

/**
 * A secret that may be replaced where it is kept while the process runs, as files named by
 * `…_FILE` are. It is read again when a server refuses it, and when a caller says so (SIGHUP).
 */
export class RotatingSecret {
  #current: Secret;
  readonly #options: RotatingSecretOptions | undefined;
  #reading: Promise<void> | undefined;

  /** Without options the secret stays what it is. */
  constructor(current: Secret, options?: RotatingSecretOptions) {
    this.#current = current;
    this.#options = options;
  }

  /** The secret as last read. */
  get current(): Secret {
    return this.#current;
  }

  /**
   * Reads the secret again; resolves to whether another one than `used` is current. A secret that
   * cannot be read stays what it is, with a warning.
   */
  async isReplaced(used: Secret): Promise<boolean> {
    if (this.#current.reveal() === used.reveal()) await this.reread();
    return this.#current.reveal() !== used.reveal();
  }

  /** Reads the secret again; calls at the same time are one. */
  async reread(): Promise<void> {
    if (!this.#options) return;
    this.#reading ??= this.#read(this.#options).finally(() => this.#reading = undefined);
    await this.#reading;
  }

  async #read({ read, onChange, log }: RotatingSecretOptions): Promise<void> {
    try {
      const secret = await read();
      if (secret.reveal() === this.#current.reveal()) return;
      this.#current = secret;
    } catch (thrown) {
      const { code, message, hint } = syncErrorOf(thrown);
      const fields = { code, reason: message, hint };
      log.warn("A secret cannot be read again; the one in use is kept.", fields);
      return;
    }
    onChange();
  }
}

/** What options take: a secret that stays as it is, or one that may be replaced. */
export function rotatingSecretOf(secret: Secret | RotatingSecret): RotatingSecret {
  return secret instanceof RotatingSecret ? secret : new RotatingSecret(secret);
}
