import assert from "node:assert/strict";
import fc from "fast-check";
import { SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import { Secret } from "../core/secret.ts";
import { blobErrorOf } from "./blob_errors.ts";
import { KNOWN_REFUSALS } from "./blob_refusals.ts";
import { certificateWithKeyOf } from "./credentials/certificate_file.ts";
import { accessOfConnectionString } from "./credentials/connection_string.ts";
import { issuedTokenOf, principalOf } from "./credentials/issued_token.ts";

/* What the Blob service, token services of the machine, and an operator may hand us. */

const NOW = new Date("2026-11-26T12:00:00Z");
const ONE_LINE = /^[^\p{Cc}]*$/u;

function assertPresentable(
  error: unknown,
  quoted: readonly string[] = [],
): asserts error is SyncError {
  assert.ok(error instanceof SyncError, `${error}`);
  assert.match(error.message, ONE_LINE);
  assert.ok(error.message.length < 1_000 && error.hint);
  for (const text of quoted) assert.ok(!`${error.message}${error.hint}`.includes(text), text);
}

Deno.test("whatever answers in the place of the Blob service is a typed error on one line", () => {
  const names = [
    "x-ms-error-code",
    "x-ms-request-id",
    "x-ms-version",
    "x-ms-retry-after-ms",
  ] as const;
  const value = fc.oneof(
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.constantFrom(
      "AuthenticationFailed",
      "BlobNotFound",
      "999999999",
      "1e9",
      ...KNOWN_REFUSALS.keys(),
    ),
    fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
  );
  const headers = fc.dictionary(fc.constantFrom(...names, "date", "retry-after", "server"), value)
    .map((fields) => new Map(Object.entries(fields)));
  const credential = fc.constantFrom("key", "sas", "token");
  let passing = 0;
  fc.assert(
    fc.property(headers, fc.integer({ min: 300, max: 599 }), credential, value, (
      headers,
      status,
      credential,
      sasExpiry,
    ) => {
      const place = { account: "acc", container: "mail", credential };
      const context = { place, address: "acc.blob.core.windows.net:443", sasExpiry, now: NOW };
      const error = blobErrorOf({ status, headers }, context);
      assertPresentable(error);
      assert.match(error.code, /^[A-Za-z0-9]{1,64}$/, "codes are labels");
      assert.ok((error.retryAfterMs ?? 0) <= LIMITS.namedDelayMsMax);
      if (error.kind === "retryable") passing++;
      else assert.equal(error.kind, "destination");
    }),
    { numRuns: 1_000 },
  );
  assert.ok(passing > 0, "some of them pass by themselves");
});

Deno.test("any JSON in place of a token is a token with an end to its life, or a typed error", () => {
  const said = fc.oneof(
    fc.constantFrom<unknown>("t0ken.x", "", "3599", 3_599, -1, 1e300, "1e999", "2030-01-01", null),
    fc.string({ maxLength: 8 }),
    fc.constant({ toString: 1, valueOf: 1 }),
    fc.jsonValue({ maxDepth: 1 }),
  );
  const names = [
    "access_token",
    "accessToken",
    "expires_in",
    "expires_on",
    "expiresOn",
    "refresh_in",
  ];
  const body = fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.dictionary(fc.constantFrom(...names), said),
  );
  let issued = 0;
  fc.assert(
    fc.property(body, (body) => {
      try {
        const { value, lifetimeMs, renewAfterMs = 1 } = issuedTokenOf(body, {
          address: "a:80",
          now: NOW,
        });
        assert.match(value.reveal(), /^[\x21-\x7e]+$/);
        assert.ok(lifetimeMs > 0 && renewAfterMs > 0);
        issued++;
      } catch (error) {
        assertPresentable(error);
        assert.equal(error.kind, "retryable");
      }
    }),
    { numRuns: 2_000 },
  );
  assert.ok(issued > 0, "some of them are tokens");
});

Deno.test("any text in place of an access token names nobody, or somebody by an id", () => {
  const claims = fc.oneof(
    fc.jsonValue({ maxDepth: 1 }),
    fc.record({ oid: fc.oneof(fc.uuid(), fc.jsonValue({ maxDepth: 1 })) }),
  ).map((value) => new TextEncoder().encode(JSON.stringify(value)));
  const token = fc.oneof(
    fc.string(),
    fc.oneof(claims, fc.uint8Array()).map((bytes) =>
      `e.${bytes.toBase64({ alphabet: "base64url", omitPadding: true })}.s`
    ),
  );
  let named = 0;
  fc.assert(fc.property(token, (text) => {
    const principal = principalOf(new Secret(text));
    if (principal === undefined) return;
    assert.match(principal, /^[0-9a-f-]{36}$/i);
    named++;
  }));
  assert.ok(named > 0, "some of them name somebody");
});

Deno.test("any connection string gives access, or is a typed error that repeats nothing of it", () => {
  const key = "k".repeat(86) + "==";
  const part = fc.oneof(
    fc.constantFrom(
      "AccountName=acc",
      "AccountName=other",
      `AccountKey=${key}`,
      "AccountKey=short",
    ),
    fc.constantFrom(
      "BlobEndpoint=https://a.example/x?y",
      "BlobEndpoint=ftp://a",
      "EndpointSuffix=e",
    ),
    fc.constantFrom("SharedAccessSignature=?sv=1&sig=s3cr3tsig&se=2030", "SharedAccessSignature=x"),
    fc.constantFrom("UseDevelopmentStorage=true", "DefaultEndpointsProtocol=javascript", "=", "\0"),
    fc.string(),
  );
  let given = 0;
  fc.assert(
    fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
      try {
        const { credential, endpoint } = accessOfConnectionString(parts.join(";"), "acc");
        assert.ok(credential.kind === "key" || credential.kind === "sas");
        assert.match(endpoint?.protocol ?? "https:", /^https?:$/);
        given++;
      } catch (error) {
        assertPresentable(error, [key, "s3cr3tsig"]);
      }
    }),
    { numRuns: 1_000 },
  );
  assert.ok(given > 0, "some of them give access");
});

Deno.test("any text in place of a certificate file is a typed error that repeats nothing of it", () => {
  const lines = [
    ...["-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----", "-----BEGIN PRIVATE KEY-----"],
    ...[
      "-----END PRIVATE KEY-----",
      "-----BEGIN ENCRYPTED PRIVATE KEY-----",
      "Proc-Type: 4,ENCRYPTED",
    ],
    ...[
      "-----END ENCRYPTED PRIVATE KEY-----",
      "-----BEGIN RSA PRIVATE KEY-----",
      "s3cr3tline",
      "-",
    ],
  ];
  const pem = fc.array(fc.oneof(fc.constantFrom(...lines), fc.base64String(), fc.string()), {
    maxLength: 12,
    size: "max",
  }).map((lines) => lines.join("\n"));
  fc.assert(
    fc.property(pem, fc.option(fc.string(), { nil: undefined }), (pem, password) => {
      try {
        certificateWithKeyOf(pem, password);
        assert.fail("no certificate is made by chance");
      } catch (error) {
        assertPresentable(error, ["s3cr3tline"]);
      }
    }),
    { numRuns: 1_000 },
  );
});
