import assert from "node:assert/strict";
import { Secret } from "../../core/secret.ts";
import type { TokenSource } from "../../http/token_source.ts";
import { memoryEnv } from "../../sync/testing/memory_env.ts";
import { checkToken } from "./check_token.ts";

/** A source of tokens that carry a claim `roles`, as Entra ID issues them; unsigned. */
function tokensWith(roles: readonly string[]): TokenSource {
  const part = (value: unknown) =>
    new TextEncoder().encode(JSON.stringify(value))
      .toBase64({ alphabet: "base64url", omitPadding: true });
  const value = new Secret(`${part({ alg: "none" })}.${part({ roles })}.signature`);
  const token = () => Promise.resolve({ value });
  return { token, replacement: token, [Symbol.asyncDispose]: () => Promise.resolve() };
}

async function lineOf(api: "ews" | "graph", roles: readonly string[]) {
  const secret = { value: new Secret("s") };
  return await checkToken(tokensWith(roles), {
    api,
    endpoint: new URL("https://graph.microsoft.com"),
    auth: {
      type: "oauth2",
      authority: new URL("https://login.example.com/tenant"),
      clientId: "id",
      scope: "https://graph.microsoft.com/.default",
      credential: { kind: "secret", secret },
    },
    accessType: "delegate",
    tls: { verify: true },
  }, { env: memoryEnv().env, signal: new AbortController().signal });
}

Deno.test("over Graph, a permission in the token is one for every mailbox of the tenant", async () => {
  const { verdict, finding, remedy = "" } = await lineOf("graph", ["Mail.ReadWrite", "Mail.Read"]);
  assert.equal(verdict, "warn");
  assert.match(finding, /with Mail\.ReadWrite, Mail\.Read for every mailbox of the tenant/);
  assert.match(remedy, /-Role "Application Mail\.Read" -CustomResourceScope/);
  assert.match(remedy, /remove Mail\.ReadWrite, Mail\.Read in Entra ID/);
});

Deno.test("over Graph, a token without permission is what RBAC for Applications is used with", async () => {
  for (const roles of [[], ["Mail.ReadBasic.All", "User.Read.All"]]) {
    const { verdict, finding } = await lineOf("graph", roles);
    assert.equal(verdict, "pass");
    assert.match(finding, /RBAC for Applications/);
  }
});

Deno.test("over EWS, a token has full_access_as_app, or it is said how to give access", async () => {
  assert.equal((await lineOf("ews", ["full_access_as_app"])).verdict, "pass");
  const { verdict, finding, remedy = "" } = await lineOf("ews", ["Mail.Read"]);
  assert.equal(verdict, "warn");
  assert.match(finding, /only Mail\.Read$/);
  assert.match(remedy, /full_access_as_app/);
});
