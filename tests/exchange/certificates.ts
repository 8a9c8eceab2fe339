import "./reflect_metadata.ts";
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import {
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

export interface CertificateOptions {
  /** DNS names and IP addresses the certificate is for; default: this machine's own. */
  readonly hosts?: readonly string[];
  /** Hash of the CA's signature; decides how a channel binding is computed (RFC 5929). */
  readonly signatureHash?: "SHA-256" | "SHA-384";
  /** Default: a day ago. */
  readonly notBefore?: Date;
  /** Default: in a year. */
  readonly notAfter?: Date;
}

/** A server certificate, and the CA one has to trust to accept it. All in PEM. */
export interface ServerCertificate {
  readonly caPem: string;
  readonly certificatePem: string;
  readonly keyPem: string;
  /** The data of the `tls-server-end-point` channel binding (RFC 5929, section 4.1). */
  readonly endpointHash: Buffer;
}

const DAY_MS = 24 * 3600 * 1000;
const LOCAL_HOSTS = ["localhost", "127.0.0.1", "::1"];

/** Makes a CA and one server certificate signed by it. Elliptic curves: made in milliseconds. */
export async function serverCertificate(
  now: Date,
  options: CertificateOptions = {},
): Promise<ServerCertificate> {
  cryptoProvider.set(crypto);
  const hash = options.signatureHash ?? "SHA-256";
  const signing = { name: "ECDSA", namedCurve: hash === "SHA-384" ? "P-384" : "P-256", hash };
  const authority = await keyPair(signing.namedCurve);
  const server = await keyPair("P-256");
  const validity = {
    notBefore: options.notBefore ?? new Date(now.getTime() - DAY_MS),
    notAfter: options.notAfter ?? new Date(now.getTime() + 365 * DAY_MS),
  };
  const ca = await X509CertificateGenerator.createSelfSigned({
    name: "CN=Simulated Exchange CA",
    keys: authority,
    signingAlgorithm: signing,
    ...validity,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
    ],
  });
  const certificate = await X509CertificateGenerator.create({
    subject: "CN=Simulated Exchange",
    issuer: ca.subject,
    publicKey: server.publicKey,
    signingKey: authority.privateKey,
    signingAlgorithm: signing,
    ...validity,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([ExtendedKeyUsage.serverAuth]),
      new SubjectAlternativeNameExtension((options.hosts ?? LOCAL_HOSTS).map(alternativeName)),
    ],
  });
  return {
    caPem: ca.toString("pem"),
    certificatePem: certificate.toString("pem"),
    keyPem: PemConverter.encode(
      await crypto.subtle.exportKey("pkcs8", server.privateKey),
      "PRIVATE KEY",
    ),
    endpointHash: createHash(hash.replace("-", "").toLowerCase())
      .update(Buffer.from(certificate.rawData)).digest(),
  };
}

function keyPair(namedCurve: string): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey({ name: "ECDSA", namedCurve }, true, ["sign", "verify"]);
}

function alternativeName(host: string): { type: "ip" | "dns"; value: string } {
  return { type: /^[\d.]+$|:/.test(host) ? "ip" : "dns", value: host };
}
