import assert from "node:assert/strict";
import { TestAuthority } from "./testing/certificates.ts";
import { tlsRootsOf } from "./tls_roots.ts";

const CODE = { kind: "fatal", code: "CaFileInvalid" } as const;

Deno.test("every certificate of a file is found, whatever stands around and between them", async () => {
  const [one, two] = [(await TestAuthority.create()).pem, (await TestAuthority.create()).pem];
  const windows = two.replaceAll("\n", "\r\n");
  assert.deepEqual(tlsRootsOf(`# Our roots\n${one}${windows}\ntrailing text`), [one, windows]);
});

Deno.test("a file without certificates is refused", () => {
  for (
    const text of ["", "garbage", "-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----"]
  ) {
    assert.throws(() => tlsRootsOf(text), CODE);
  }
});

Deno.test("a malformed certificate is refused, and named by its place", async () => {
  const good = (await TestAuthority.create()).pem;
  const bad = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----";
  assert.throws(() => tlsRootsOf(`${good}\n${bad}`), {
    ...CODE,
    message: "CA file cannot be used: its certificate number 2 cannot be read",
  });
});
