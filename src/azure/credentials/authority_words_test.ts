import assert from "node:assert/strict";
import { SyncError } from "../../core/errors.ts";
import { KNOWN_REFUSALS, OAUTH_REFUSALS } from "../../http/token_refusals.ts";
import { inOurWords, type ProofKind, unreachedInOurWords } from "./authority_words.ts";

const PROOFS: readonly ProofKind[] = ["secret", "certificate", "federated token"];

function hintOf(code: string, hint: string, proof: ProofKind): string {
  return inOurWords(new SyncError("destination", code, "Refused", { hint }), proof).hint ?? "";
}

Deno.test("no remedy for Azure names a key of the config file, or anything of Exchange", () => {
  const known = [...KNOWN_REFUSALS.values()].map(({ code, hint }) => [code, hint] as const);
  const all = [...known, ...[...OAUTH_REFUSALS].map((code) => [code, "Check"] as const)];
  for (const [code, hint] of all) {
    for (const proof of PROOFS) {
      const said = hintOf(code, hint, proof);
      assert.doesNotMatch(
        said,
        /auth_oauth|full_access_as_app|Exchange|outlook/,
        `${code}: ${said}`,
      );
      assert.notEqual(said, "");
    }
  }
});

Deno.test("a refusal that nobody knows leads to the variable that the application proves itself with", () => {
  const variables = [
    "AZURE_CLIENT_SECRET",
    "AZURE_CLIENT_CERTIFICATE_PATH",
    "AZURE_FEDERATED_TOKEN_FILE",
  ];
  for (const [index, proof] of PROOFS.entries()) {
    assert.ok(hintOf("OauthClientRefused", "", proof).endsWith(` and ${variables[index]}`));
  }
});

Deno.test("an authority that is not reached is named by its variable, a proxy on the way is not", () => {
  const hint = "Check the network";
  const error = (code: string) => new SyncError("retryable", code, "No", { hint, retryAfterMs: 7 });
  const said = unreachedInOurWords(error("HostNotFound"), "secret");
  assert.match(said.hint ?? "", /^Check the network; .*AZURE_AUTHORITY_HOST/);
  assert.deepEqual([said.kind, said.code, said.retryAfterMs], ["retryable", "HostNotFound", 7]);
  assert.equal(unreachedInOurWords(error("ProxyTimeout"), "secret").hint, hint);
});
