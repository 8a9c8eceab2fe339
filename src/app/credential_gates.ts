import type { AuthConfig } from "../config/app_config.ts";
import { accountOf, signInSecretOf } from "../config/config_secrets.ts";
import type { Clock } from "../core/env.ts";
import { CredentialGate } from "../http/credential_gate.ts";

/**
 * The gate of each account that this process signs in as. Active Directory counts sign-ins of the
 * whole process, so gates outlive restarts within it and changes of the configuration.
 */
export class CredentialGates {
  readonly #clock: Clock;
  readonly #byAccount = new Map<string, { readonly gate: CredentialGate; secret: string }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The gate for these credentials; opens it if it has not seen their secret. */
  gateFor(auth: AuthConfig): CredentialGate {
    const account = accountOf(auth);
    const secret = signInSecretOf(auth).value.reveal();
    const known = this.#byAccount.get(account);
    if (!known) {
      const gate = new CredentialGate(account, this.#clock);
      this.#byAccount.set(account, { gate, secret });
      return gate;
    }
    if (known.secret !== secret) known.gate.secretChanged();
    known.secret = secret;
    return known.gate;
  }
}
