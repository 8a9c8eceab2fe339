import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { SyncError } from "../core/errors.ts";
import { channelBindingOf } from "./channel_binding.ts";
import { certificateSignedBy } from "./testing/certificates.ts";

const RSA = { modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) };

async function ecdsa(hash: string): Promise<Uint8Array> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  return await certificateSignedBy(algorithm, { name: "ECDSA", hash });
}

async function rsa(name: string, hash: string): Promise<Uint8Array> {
  return await certificateSignedBy({ ...RSA, name, hash }, { name, hash } as EcdsaParams);
}

/** The value from the words of RFC 5929 and RFC 4121, without a look at the certificate. */
function expected(certificate: Uint8Array, hash: string): string {
  const end = createHash(hash).update(certificate).digest();
  const data = [..."tls-server-end-point:"].map((letter) => letter.charCodeAt(0)).concat([...end]);
  const structure = [...new Array<number>(16).fill(0), data.length, 0, 0, 0, ...data];
  return createHash("md5").update(Uint8Array.from(structure)).digest("hex");
}

Deno.test("the certificate is hashed with the hash of its own signature", async () => {
  for (const hash of ["sha256", "sha384", "sha512"]) {
    const name = hash.replace("sha", "SHA-");
    for (const certificate of [await ecdsa(name), await rsa("RSASSA-PKCS1-v1_5", name)]) {
      assert.equal(channelBindingOf(certificate).toHex(), expected(certificate, hash));
    }
  }
});

Deno.test("a SHA-1 signature counts as SHA-256", async () => {
  const certificate = await rsa("RSASSA-PKCS1-v1_5", "SHA-1");
  assert.equal(channelBindingOf(certificate).toHex(), expected(certificate, "sha256"));
});

Deno.test("the hash of an RSA-PSS signature is found in its parameters", async () => {
  const certificate = await certificateSignedBy(
    { ...RSA, name: "RSA-PSS", hash: "SHA-384" },
    { name: "RSA-PSS", hash: "SHA-384", saltLength: 48 } as Algorithm,
  );
  assert.equal(channelBindingOf(certificate).toHex(), expected(certificate, "sha384"));
});

Deno.test("whatever a peer presents as its certificate, only the typed error is thrown", async () => {
  const valid = await ecdsa("SHA-256");
  const damaged = fc.tuple(fc.nat(40), fc.nat(255)).map(([at, value]) => valid.with(at, value));
  fc.assert(fc.property(fc.oneof(fc.uint8Array({ maxLength: 100 }), damaged), (certificate) => {
    try {
      assert.equal(channelBindingOf(certificate).length, 16);
    } catch (error) {
      assert.ok(error instanceof SyncError && error.code === "TlsCertificateUnreadable");
    }
  }));
});
