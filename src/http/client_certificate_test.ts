import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { Secret } from "../core/secret.ts";
import { clientCertificate } from "../../tests/authority/client_certificate.ts";
import { clientCertificateOf } from "./client_certificate.ts";

const CERTIFICATE = await clientCertificate();

function keyOf(pem: string): string {
  return clientCertificateOf(new Secret(pem), CERTIFICATE.sha1).privateKey.reveal();
}

function isSameKey(pem: string): boolean {
  const read = createPrivateKey(keyOf(pem)).export({ type: "pkcs8", format: "der" });
  return createPrivateKey(CERTIFICATE.keyPem).export({ type: "pkcs8", format: "der" }).equals(read);
}

Deno.test("a key is read however its lines end, in PKCS#8 and PKCS#1", () => {
  for (const pem of [CERTIFICATE.keyPem, CERTIFICATE.rsaKeyPem]) {
    for (const end of ["\n", "\r\n", "\\n", "\\r\\n", " ", ""]) {
      assert.ok(isSameKey(pem.replaceAll("\n", end)), JSON.stringify(end));
    }
    assert.ok(isSameKey(`  \n${pem}\n\n`));
  }
});

Deno.test("the key is cut out from between certificates and other text", () => {
  const { certificatePem, keyPem } = CERTIFICATE;
  for (const pem of [certificatePem + keyPem, `Bag Attributes\n${keyPem}\n${certificatePem}`]) {
    assert.ok(isSameKey(pem));
  }
});

Deno.test("a thumbprint is read with colons, spaces, or an invisible mark of Windows", () => {
  const { sha1, sha256, keyPem } = CERTIFICATE;
  const digits = sha1.replaceAll(":", "").toLowerCase();
  for (
    const text of [sha1, digits, digits.toUpperCase(), sha1.replaceAll(":", " "), `\u200e${sha1}`]
  ) {
    const { thumbprint, thumbprintHash } = clientCertificateOf(new Secret(keyPem), text);
    assert.deepEqual([thumbprint, thumbprintHash], [digits, "SHA-1"]);
  }
  assert.equal(clientCertificateOf(new Secret(keyPem), sha256).thumbprintHash, "SHA-256");
  for (const text of ["", "abc", digits.slice(1), `${digits}00`, "z".repeat(40)]) {
    assert.throws(() => clientCertificateOf(new Secret(keyPem), text), {
      kind: "fatal",
      code: "OauthThumbprintInvalid",
    });
  }
});

Deno.test("without a thumbprint, the certificate of the key beside it is known by its SHA-1", async () => {
  const { sha1, keyPem, certificatePem } = CERTIFICATE;
  const other = (await clientCertificate()).certificatePem;
  const garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  const pem = new Secret((other + garbage + keyPem + certificatePem).replaceAll("\n", "\\n"));
  const { thumbprint, thumbprintHash } = clientCertificateOf(pem);
  assert.deepEqual([thumbprint, thumbprintHash], [sha1.replaceAll(":", "").toLowerCase(), "SHA-1"]);
  for (const without of [keyPem, keyPem + other, keyPem + garbage]) {
    assert.throws(() => clientCertificateOf(new Secret(without)), {
      kind: "fatal",
      code: "OauthThumbprintInvalid",
    });
  }
});

Deno.test("a key that cannot be used is refused with the reason, and never quoted", async () => {
  const { keyPem, certificatePem } = CERTIFICATE;
  const body = keyPem.split("\n")[5] ?? "";
  const elliptic = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const ec = String(elliptic.export({ type: "pkcs8", format: "pem" }));
  const encrypted = keyPem.replaceAll("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
  const classic = keyPem.replaceAll("PRIVATE KEY", "RSA PRIVATE KEY")
    .replace("\n", "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\n");
  const short = (await clientCertificate({ bits: 1024 })).keyPem;
  for (
    const [pem, reason] of [
      ["", "no private key"],
      [certificatePem, "no private key"],
      [keyPem + keyPem, "more than one"],
      [encrypted, "is encrypted"],
      [classic, "is encrypted"],
      [ec, "not an RSA key"],
      [short, "1024 bits"],
      [keyPem.replace(body, body.slice(7)), "cannot be read"],
    ] as const
  ) {
    const read = () => clientCertificateOf(new Secret(pem), CERTIFICATE.sha1);
    assert.throws(read, (error) => {
      assert.ok(error instanceof Error && "code" in error);
      assert.equal(error.code, "OauthKeyInvalid");
      assert.match(error.message, new RegExp(reason));
      assert.ok(!Deno.inspect(error, { depth: 10 }).includes(body.slice(8, 40)));
      return true;
    });
  }
});
