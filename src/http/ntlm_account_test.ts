import assert from "node:assert/strict";
import { ntlmAccountOf } from "./ntlm_account.ts";

Deno.test("a user name is split at the backslash only, and a UPN stays whole", () => {
  assert.deepEqual(ntlmAccountOf("CORP\\svc"), { domain: "CORP", user: "svc" });
  assert.deepEqual(ntlmAccountOf("svc@corp.example"), { domain: "", user: "svc@corp.example" });
  assert.deepEqual(ntlmAccountOf("svc"), { domain: "", user: "svc" });
  assert.deepEqual(ntlmAccountOf("CORP\\a\\b"), { domain: "CORP", user: "a\\b" });
});
