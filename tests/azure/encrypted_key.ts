import { createCipheriv, pbkdf2Sync, randomBytes } from "node:crypto";

const SEQUENCE = 0x30;
const OCTETS = 0x04;
const INTEGER = 0x02;
/** Object identifiers of RFC 8018 and of AES, encoded. */
const PBES2 = "06092a864886f70d01050d";
const PBKDF2 = "06092a864886f70d01050c";
const HMAC_SHA256 = "06082a864886f70d02090500";
const AES_256_CBC = "060960864801650304012a";
const ITERATIONS = 2048;

/** A PKCS#8 key in PEM, encrypted as openssl does it (RFC 5958, RFC 8018: PBES2 with AES-256). */
export function encryptedKeyOf(keyPem: string, password: string): string {
  const der = Uint8Array.fromBase64(keyPem.replace(/-----[^-]+-----/g, "").replace(/\s/g, ""));
  const [salt, iv] = [randomBytes(8), randomBytes(16)];
  const cipher = createCipheriv(
    "aes-256-cbc",
    pbkdf2Sync(password, salt, ITERATIONS, 32, "sha256"),
    iv,
  );
  const encrypted = new Uint8Array([...cipher.update(der), ...cipher.final()]);
  const iterations = Uint8Array.of(ITERATIONS >> 8, ITERATIONS & 0xff);
  const derivation = tagged(
    SEQUENCE,
    tagged(OCTETS, salt),
    tagged(INTEGER, iterations),
    tagged(SEQUENCE, Uint8Array.fromHex(HMAC_SHA256)),
  );
  const algorithm = tagged(
    SEQUENCE,
    Uint8Array.fromHex(PBES2),
    tagged(
      SEQUENCE,
      tagged(SEQUENCE, Uint8Array.fromHex(PBKDF2), derivation),
      tagged(SEQUENCE, Uint8Array.fromHex(AES_256_CBC), tagged(OCTETS, iv)),
    ),
  );
  const text = tagged(SEQUENCE, algorithm, tagged(OCTETS, encrypted)).toBase64();
  const lines = text.match(/.{1,64}/g)?.join("\n");
  return `-----BEGIN ENCRYPTED PRIVATE KEY-----\n${lines}\n-----END ENCRYPTED PRIVATE KEY-----\n`;
}

/** One value in DER. */
function tagged(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const content = parts.flatMap((part) => [...part]);
  const { length } = content;
  const size = length < 128
    ? [length]
    : length < 256
    ? [0x81, length]
    : [0x82, length >> 8, length & 0xff];
  return Uint8Array.of(tag, ...size, ...content);
}
