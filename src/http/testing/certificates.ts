import type { X509Certificate } from "@peculiar/x509";

// The generator's dependency injection insists on this API of `reflect-metadata` being there, and
// gets by without any metadata: its own registrations are explicit.
Object.assign(Reflect, {
  getMetadata: () => undefined,
  getOwnMetadata: () => undefined,
  defineMetadata: () => {},
});
const x509 = await import("@peculiar/x509");

/** A certificate with its private key, as servers take them. */
export interface CertificateWithKey {
  readonly pem: string;
  readonly keyPem: string;
  readonly der: Uint8Array;
}

/** What may differ from a sound certificate for `localhost` and 127.0.0.1. */
export interface CertificateOptions {
  readonly hash?: "SHA-256" | "SHA-384";
  readonly hosts?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
}

/** A certificate authority for tests, made anew by each of them. */
export class TestAuthority {
  readonly #keys: CryptoKeyPair;
  readonly #certificate: X509Certificate;

  private constructor(keys: CryptoKeyPair, certificate: X509Certificate) {
    this.#keys = keys;
    this.#certificate = certificate;
  }

  static async create(name = "Test Root"): Promise<TestAuthority> {
    const keys = await ecdsaKeys();
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      ...VALIDITY,
      name: `CN=${name}`,
      keys,
      signingAlgorithm: { name: "ECDSA", hash: "SHA-256" },
      extensions: [
        new x509.BasicConstraintsExtension(true, 1, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      ],
    });
    return new TestAuthority(keys, certificate);
  }

  get pem(): string {
    return this.#certificate.toString("pem");
  }

  /** A server certificate signed by this authority. */
  async issue(options: CertificateOptions = {}): Promise<CertificateWithKey> {
    const keys = await ecdsaKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      ...serverParameters(options),
      subject: "CN=localhost",
      issuer: this.#certificate.subject,
      publicKey: keys.publicKey,
      signingKey: this.#keys.privateKey,
    });
    return await withKey(certificate, keys);
  }
}

/** A server certificate that vouches for itself. */
export async function selfSigned(options: CertificateOptions = {}): Promise<CertificateWithKey> {
  const keys = await ecdsaKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...serverParameters(options),
    name: "CN=localhost",
    keys,
  });
  return await withKey(certificate, keys);
}

/**
 * The DER of a certificate signed by `signingAlgorithm`, for reading only: SHA-1 and RSA included.
 */
export async function certificateSignedBy(
  generate: RsaHashedKeyGenParams | EcKeyGenParams,
  signing: Algorithm | EcdsaParams,
): Promise<Uint8Array> {
  const keys = await crypto.subtle.generateKey(generate, true, ["sign", "verify"]) as CryptoKeyPair;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...VALIDITY,
    name: "CN=localhost",
    keys,
    signingAlgorithm: signing,
  });
  return new Uint8Array(certificate.rawData);
}

const VALIDITY = { notBefore: new Date("2020-01-01"), notAfter: new Date("2100-01-01") } as const;

function serverParameters({ hash = "SHA-256", hosts, ...validity }: CertificateOptions) {
  const names = (hosts ?? ["localhost", "127.0.0.1"]).map((value) =>
    ({ type: /^[0-9.]+$/.test(value) ? "ip" : "dns", value }) as const
  );
  return {
    ...VALIDITY,
    ...validity,
    signingAlgorithm: { name: "ECDSA", hash },
    extensions: [
      new x509.BasicConstraintsExtension(false),
      new x509.SubjectAlternativeNameExtension(names),
    ],
  };
}

async function ecdsaKeys(): Promise<CryptoKeyPair> {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" } as const;
  return await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]) as CryptoKeyPair;
}

async function withKey(
  certificate: X509Certificate,
  keys: CryptoKeyPair,
): Promise<CertificateWithKey> {
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  return {
    pem: certificate.toString("pem"),
    keyPem: `-----BEGIN PRIVATE KEY-----\n${pkcs8.toBase64()}\n-----END PRIVATE KEY-----\n`,
    der: new Uint8Array(certificate.rawData),
  };
}
