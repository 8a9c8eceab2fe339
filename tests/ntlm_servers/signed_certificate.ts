import "../exchange/reflect_metadata.ts";
import {
  BasicConstraintsExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

/** How a certificate is signed; the hash decides how a channel binding is computed (RFC 5929). */
export interface Signature {
  readonly algorithm: "RSASSA-PKCS1-v1_5" | "ECDSA";
  readonly hash: "SHA-1" | "SHA-256" | "SHA-384" | "SHA-512";
}

/** A certificate for `localhost` that vouches for itself, with its key, in PEM. */
export async function signedCertificate(
  { algorithm, hash }: Signature,
): Promise<{ readonly pem: string; readonly keyPem: string }> {
  const keys = await crypto.subtle.generateKey(
    algorithm === "ECDSA"
      ? { name: algorithm, namedCurve: "P-256" }
      : { name: algorithm, hash, modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) },
    true,
    ["sign", "verify"],
  ) as CryptoKeyPair;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: "CN=localhost",
    notBefore: new Date("2020-01-01"),
    notAfter: new Date("2100-01-01"),
    keys,
    signingAlgorithm: { name: algorithm, hash },
    extensions: [
      new BasicConstraintsExtension(false),
      new SubjectAlternativeNameExtension([{ type: "dns", value: "localhost" }]),
    ],
  });
  const key = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  return { pem: certificate.toString("pem"), keyPem: PemConverter.encode(key, "PRIVATE KEY") };
}
