import assert from "node:assert/strict";
import type { AuthConfig } from "../config/app_config.ts";
import { Secret } from "../core/secret.ts";
import { testEnv } from "../source/testing/test_env.ts";
import { CredentialGates } from "./credential_gates.ts";

const OPTIONS = { signal: new AbortController().signal };

function byPassword(user: string, password: string): AuthConfig {
  return { type: "ntlm", user, password: { value: new Secret(password) } };
}

Deno.test("a refusal holds over restarts, until the secret is another one", async () => {
  const gates = new CredentialGates(testEnv().clock);
  const gate = gates.gateFor(byPassword("svc", "old"));
  const refused = () => gate.signIn(() => Promise.resolve({ verdict: "refused" }), OPTIONS);
  await assert.rejects(refused(), { code: "CredentialsRefused", kind: "fatal" });
  assert.equal(gates.gateFor(byPassword("svc", "old")), gate);
  assert.ok(gate.closed);
  assert.ok(!gates.gateFor(byPassword("other", "old")).closed, "another account has its own");
  assert.equal(gates.gateFor(byPassword("svc", "new")), gate);
  assert.ok(!gate.closed);
});
