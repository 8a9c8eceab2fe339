import assert from "node:assert/strict";
import { SyncError } from "../../core/errors.ts";
import { Secret } from "../../core/secret.ts";
import { issuedTokenOf, principalOf } from "./issued_token.ts";

const NOW = new Date("2024-03-01T12:00:00Z");
const NOW_S = NOW.getTime() / 1000;
const AT = { address: "169.254.169.254:80", now: NOW };

Deno.test("a token is read from the answers of all services, with the end of its life", () => {
  const cases: readonly (readonly [Record<string, unknown>, number])[] = [
    [{ access_token: "t", expires_in: 3599 }, 3_599_000],
    [{ access_token: "t", expires_in: "3599", expires_on: "1" }, 3_599_000],
    [{ access_token: "t", expires_on: String(NOW_S + 60) }, 60_000],
    [{ access_token: "t", expires_on: "03/01/2024 12:10:00 +00:00" }, 600_000],
    [{ accessToken: "t", expires_on: NOW_S + 60, expiresOn: "2020-01-01 00:00:00.000000" }, 60_000],
  ];
  for (const [body, lifetimeMs] of cases) {
    const issued = issuedTokenOf(body, AT);
    assert.deepEqual([issued.value.reveal(), issued.lifetimeMs], ["t", lifetimeMs]);
  }
  const renewed = issuedTokenOf({ access_token: "t", expires_in: 86_400, refresh_in: 43_200 }, AT);
  assert.equal(renewed.renewAfterMs, 43_200_000);
});

Deno.test("what is no token, or no longer one, is a failure that repeats nothing of it", () => {
  const bodies = [
    undefined,
    null,
    "s3cret",
    {},
    { access_token: "s3cret" },
    { access_token: "s3cret\r\nx: y", expires_in: 60 },
    { access_token: "", expires_in: 60 },
    { access_token: "s3cret", expires_on: NOW_S - 1 },
    { access_token: 7, expires_in: 60 },
  ];
  for (const body of bodies) {
    assert.throws(() => issuedTokenOf(body, AT), (thrown) => {
      assert.ok(thrown instanceof SyncError && thrown.kind === "retryable");
      return !JSON.stringify([thrown.message, thrown.hint]).includes("s3cret");
    });
  }
});

Deno.test("a token tells whom it is for, or nothing", () => {
  const tokenOf = (claims: unknown) => {
    const bytes = new TextEncoder().encode(JSON.stringify(claims));
    return new Secret(`e30.${bytes.toBase64({ alphabet: "base64url", omitPadding: true })}.c2ln`);
  };
  const oid = "6f1f9d7e-0000-4000-8000-000000000001";
  assert.equal(principalOf(tokenOf({ oid })), oid);
  for (const claims of [{}, { oid: "$(rm -rf /)" }, { oid: 7 }, null]) {
    assert.equal(principalOf(tokenOf(claims)), undefined);
  }
  for (const text of ["", "opaque", "a.b.c", "..."]) {
    assert.equal(principalOf(new Secret(text)), undefined);
  }
});
