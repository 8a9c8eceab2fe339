import assert from "node:assert/strict";
import { describeIssue, describeNames, peerCertificateOf } from "./peer_certificate.ts";
import { certificateSignedBy, selfSigned, TestAuthority } from "./testing/certificates.ts";

Deno.test("a certificate is described by issuer, names and days", async () => {
  const authority = await TestAuthority.create("Contoso Root, O=Contoso");
  const read = peerCertificateOf(
    (await authority.issue({ hosts: ["mail.contoso.com", "127.0.0.1"] })).der,
  );
  assert.ok(read && !read.selfSigned);
  assert.equal(
    describeIssue(read),
    'the certificate of "CN=localhost" is issued by "CN=Contoso Root, O=Contoso", ' +
      "valid from 2020-01-01 to 2100-01-01",
  );
  assert.equal(describeNames(read), '"mail.contoso.com", "127.0.0.1"');
});

Deno.test("a certificate without names, and one that vouches for itself, are told as such", async () => {
  const nameless = peerCertificateOf(
    await certificateSignedBy({ name: "ECDSA", namedCurve: "P-256" }, {
      name: "ECDSA",
      hash: "SHA-256",
    }),
  );
  assert.ok(nameless?.selfSigned);
  assert.equal(describeNames(nameless), "no name at all");
  assert.match(describeIssue(nameless), /is issued by itself/);
});

Deno.test("what a certificate says is bounded and cannot forge a line", async () => {
  const hosts = Array.from({ length: 500 }, (_, index) => `${"x".repeat(60)}${index}.example`);
  const authority = await TestAuthority.create(`a\\0A2024 INFO all well\u202e${"y".repeat(500)}`);
  const read = peerCertificateOf((await authority.issue({ hosts })).der);
  assert.ok(read);
  const text = describeIssue(read) + describeNames(read);
  assert.match(text, /^[\x20-\x7e]{1,800}$/);
  assert.match(text, /and 495 more$/);
});

Deno.test("what is no certificate is not described", async () => {
  assert.equal(peerCertificateOf(new Uint8Array(0)), undefined);
  assert.equal(peerCertificateOf(new Uint8Array(1000).fill(48)), undefined);
  const { der } = await selfSigned();
  assert.equal(peerCertificateOf(der.subarray(0, 100)), undefined);
});
