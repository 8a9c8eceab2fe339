import type { Env, LogFields } from "../core/env.ts";
import type { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";

/** Says a repeated failure of one mailbox now and then, with how often it was met, and its end once. */
export class FailureLog {
  readonly #env: Env;
  readonly #fields: LogFields;
  #failures = 0;
  #last: { readonly code: string; readonly saidAtMs: number } | undefined;

  constructor(env: Env, fields: LogFields) {
    this.#env = env;
    this.#fields = fields;
  }

  failed(msg: string, error: SyncError, fields: LogFields = {}): void {
    this.#failures++;
    const nowMs = this.#env.clock.monotonicMs();
    const repeated = this.#last?.code === error.code &&
      nowMs - this.#last.saidAtMs < LIMITS.failureSaidAgainMs;
    if (repeated) return;
    this.#last = { code: error.code, saidAtMs: nowMs };
    this.#env.log.error(msg, {
      ...this.#fields,
      folder: error.context.folder,
      operation: error.context.operation,
      kind: error.kind,
      code: error.code,
      reason: error.message,
      hint: error.hint,
      failures: this.#failures,
      ...fields,
    });
  }

  succeeded(): void {
    if (this.#failures === 0) return;
    this.#env.log.info("Mailbox works again.", { ...this.#fields, failures: this.#failures });
    this.#failures = 0;
    this.#last = undefined;
  }
}
