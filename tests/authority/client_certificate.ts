import "../exchange/reflect_metadata.ts";
import { createPrivateKey, X509Certificate } from "node:crypto";
import { cryptoProvider, PemConverter, X509CertificateGenerator } from "@peculiar/x509";

/** The certificate of an application, as an administrator makes one. All in PEM. */
export interface ClientCertificate {
  readonly certificatePem: string;
  /** PKCS#8. */
  readonly keyPem: string;
  /** PKCS#1. */
  readonly rsaKeyPem: string;
  /** Upper-case hexadecimal digits between colons, as openssl prints them. */
  readonly sha1: string;
  readonly sha256: string;
}

const RSA = {
  name: "RSASSA-PKCS1-v1_5",
  hash: "SHA-256",
  publicExponent: Uint8Array.from([1, 0, 1]),
} as const;

export interface ClientCertificateOptions {
  /** Of the key; default 2048. */
  readonly bits?: number;
  /** Default: far away. */
  readonly notAfter?: Date;
}

/** Makes an RSA key and a certificate for it that vouches for itself. */
export async function clientCertificate(
  { bits = 2048, notAfter = new Date("2100-01-01") }: ClientCertificateOptions = {},
): Promise<ClientCertificate> {
  cryptoProvider.set(crypto);
  const algorithm = { ...RSA, modulusLength: bits };
  const keys = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: "CN=reinfer-ews",
    keys,
    signingAlgorithm: RSA,
    notBefore: new Date("2020-01-01"),
    notAfter,
  });
  const certificatePem = certificate.toString("pem");
  const pkcs8 = await crypto.subtle.exportKey("pkcs8", keys.privateKey);
  const keyPem = PemConverter.encode(pkcs8, "PRIVATE KEY");
  const { fingerprint, fingerprint256 } = new X509Certificate(certificatePem);
  return {
    certificatePem,
    keyPem,
    rsaKeyPem: String(createPrivateKey(keyPem).export({ type: "pkcs1", format: "pem" })),
    sha1: fingerprint,
    sha256: fingerprint256,
  };
}
