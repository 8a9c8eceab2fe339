import type { CallOptions } from "../core/env.ts";
import type { Secret } from "../core/secret.ts";
import { type CredentialGate, SignInRefused, type SignInResult } from "./credential_gate.ts";
import type { RotatingSecret } from "./rotating_secret.ts";

/** A secret, and the gate that keeps its refusals few. */
export interface GuardedSecret {
  readonly gate: CredentialGate;
  readonly secret: RotatingSecret;
}

/**
 * Rejects as `CredentialGate.check` does, unless the secret has been replaced since it was refused:
 * nothing signs in again until then (spec section 7).
 */
export async function passGate({ gate, secret }: GuardedSecret): Promise<void> {
  if (gate.closed) await secret.reread();
  gate.check();
}

/**
 * `CredentialGate.signIn` with a secret that may have been replaced: after a refusal it is read
 * again, and another one is tried at once, once.
 */
export async function guardedSignIn<T>(
  { gate, secret }: GuardedSecret,
  attempt: (secret: Secret) => Promise<SignInResult<T>>,
  options: CallOptions,
): Promise<T> {
  const used = secret.current;
  const signIn = () => gate.signIn(() => attempt(secret.current), options);
  try {
    return await signIn();
  } catch (error) {
    if (!(error instanceof SignInRefused) || !await secret.isReplaced(used)) throw error;
    return await signIn();
  }
}
