import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { SyncError } from "../core/errors.ts";

/**
 * The MsvAvChannelBindings value of a TLS connection: the MD5 of a gss_channel_bindings structure
 * ([MS-NLMP] 2.2.2.1, RFC 4121 4.1.1.2) that holds nothing but the `tls-server-end-point` binding of
 * RFC 5929. 16 bytes.
 *
 * `certificate` is the server's, in DER. Throws a `SyncError` with code `TlsCertificateUnreadable`
 * if it cannot be read.
 */
export function channelBindingOf(certificate: Uint8Array): Uint8Array {
  const endPoint = createHash(endPointHashOf(certificate)).update(certificate).digest();
  const data = Buffer.concat([Buffer.from("tls-server-end-point:", "latin1"), endPoint]);
  // Address types and address lengths of both sides are zero; then the length of the data.
  const header = Buffer.alloc(20);
  header.writeUInt32LE(data.length, 16);
  return createHash("md5").update(header).update(data).digest();
}

/** Signature algorithms that hash with more than SHA-256, as the hex of their object identifiers. */
const HASH_BY_SIGNATURE: Readonly<Record<string, EndPointHash>> = {
  "2a864886f70d01010c": "sha384", // sha384WithRSAEncryption
  "2a864886f70d01010d": "sha512", // sha512WithRSAEncryption
  "2a8648ce3d040303": "sha384", // ecdsa-with-SHA384
  "2a8648ce3d040304": "sha512", // ecdsa-with-SHA512
};

const RSASSA_PSS = "2a864886f70d01010a";
const HASH_BY_NAME: Readonly<Record<string, EndPointHash>> = {
  "608648016503040202": "sha384",
  "608648016503040203": "sha512",
};

type EndPointHash = "sha256" | "sha384" | "sha512";

/**
 * The hash of the certificate's own signature; MD5 and SHA-1 are replaced by SHA-256 (RFC 5929 4.1),
 * and so is what names no hash at all, where other clients do the same.
 */
function endPointHashOf(certificate: Uint8Array): EndPointHash {
  const [whole] = childrenOf(certificate);
  const [, algorithm] = childrenOf(whole?.content);
  const [identifier, parameters] = childrenOf(algorithm?.content);
  if (!identifier) throw unreadable();
  const name = identifier.content.toHex();
  if (name === RSASSA_PSS) return pssHashOf(parameters);
  return HASH_BY_SIGNATURE[name] ?? "sha256";
}

/** RFC 4055 3.1: the hash is the explicit field [0]; absent, it is SHA-1. */
function pssHashOf(parameters: DerValue | undefined): EndPointHash {
  const hashField = childrenOf(parameters?.content).find((field) => field.tag === 0xa0);
  const [algorithm] = childrenOf(hashField?.content);
  const [identifier] = childrenOf(algorithm?.content);
  return HASH_BY_NAME[identifier?.content.toHex() ?? ""] ?? "sha256";
}

interface DerValue {
  readonly tag: number;
  readonly content: Uint8Array;
}

/** The values that lie one behind the other in `bytes` (X.690), all of them within its bounds. */
function childrenOf(bytes: Uint8Array = new Uint8Array(0)): readonly DerValue[] {
  const values: DerValue[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const { contentAt, length } = derLengthAt(bytes, offset + 1);
    if (contentAt + length > bytes.length) throw unreadable();
    values.push({
      tag: bytes[offset] ?? 0,
      content: bytes.subarray(contentAt, contentAt + length),
    });
    offset = contentAt + length;
  }
  return values;
}

function derLengthAt(bytes: Uint8Array, at: number): { contentAt: number; length: number } {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return { contentAt: at + 1, length: first };
  const digits = bytes.subarray(at + 1, at + 1 + (first & 0x7f));
  if (digits.length === 0 || digits.length > 4) throw unreadable();
  const length = digits.reduce((sum, digit) => sum * 256 + digit, 0);
  return { contentAt: at + 1 + digits.length, length };
}

function unreadable(): SyncError {
  return new SyncError(
    "mailbox",
    "TlsCertificateUnreadable",
    "Certificate of the server cannot be read for the channel binding",
    { hint: "Replace the certificate of the Exchange server by a well-formed one" },
  );
}
