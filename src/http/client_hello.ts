import { randomBytes } from "node:crypto";

/** Content type of a TLS record that carries handshake messages. */
export const HANDSHAKE_RECORD = 22;

/** From the suites of TLS 1.2 that are in use to those of SSL 3.0 that still are. */
export const CIPHERS: ReadonlyMap<number, string> = new Map([
  [0xc02c, "ECDHE-ECDSA-AES256-GCM-SHA384"],
  [0xc02b, "ECDHE-ECDSA-AES128-GCM-SHA256"],
  [0xc030, "ECDHE-RSA-AES256-GCM-SHA384"],
  [0xc02f, "ECDHE-RSA-AES128-GCM-SHA256"],
  [0xcca9, "ECDHE-ECDSA-CHACHA20-POLY1305"],
  [0xcca8, "ECDHE-RSA-CHACHA20-POLY1305"],
  [0x009f, "DHE-RSA-AES256-GCM-SHA384"],
  [0x009e, "DHE-RSA-AES128-GCM-SHA256"],
  [0xc024, "ECDHE-ECDSA-AES256-SHA384"],
  [0xc023, "ECDHE-ECDSA-AES128-SHA256"],
  [0xc028, "ECDHE-RSA-AES256-SHA384"],
  [0xc027, "ECDHE-RSA-AES128-SHA256"],
  [0xc00a, "ECDHE-ECDSA-AES256-SHA"],
  [0xc009, "ECDHE-ECDSA-AES128-SHA"],
  [0xc014, "ECDHE-RSA-AES256-SHA"],
  [0xc013, "ECDHE-RSA-AES128-SHA"],
  [0x006b, "DHE-RSA-AES256-SHA256"],
  [0x0067, "DHE-RSA-AES128-SHA256"],
  [0x0039, "DHE-RSA-AES256-SHA"],
  [0x0033, "DHE-RSA-AES128-SHA"],
  [0x009d, "AES256-GCM-SHA384"],
  [0x009c, "AES128-GCM-SHA256"],
  [0x003d, "AES256-SHA256"],
  [0x003c, "AES128-SHA256"],
  [0x0035, "AES256-SHA"],
  [0x002f, "AES128-SHA"],
  [0x000a, "DES-CBC3-SHA"],
  [0x0005, "RC4-SHA"],
]);

/** x25519, P-256, P-384, P-521, x448. */
const GROUPS = [0x001d, 0x0017, 0x0018, 0x0019, 0x001e];

/** RSA-PSS, RSA and ECDSA, from SHA-512 down to SHA-1. */
const SIGNATURES = [
  ...[0x0806, 0x0805, 0x0804, 0x0601, 0x0501, 0x0401, 0x0603, 0x0503, 0x0403, 0x0201, 0x0203],
];

/** A ClientHello in one record (RFC 5246, section 7.4.1.2); `host` absent: no server name. */
export function clientHello(host: string | undefined): Uint8Array {
  const extensions = [
    ...(host === undefined ? [] : extension(0x0000, serverName(host))),
    ...extension(0x000a, counted(2, GROUPS.flatMap(uint16))),
    ...extension(0x000b, counted(1, [0])), // uncompressed points
    ...extension(0x000d, counted(2, SIGNATURES.flatMap(uint16))),
    ...extension(0xff01, [0]), // RFC 5746
  ];
  const body = [
    ...uint16(0x0303),
    ...randomBytes(32),
    ...counted(1, []), // no session
    ...counted(2, [...CIPHERS.keys()].flatMap(uint16)),
    ...counted(1, [0]), // no compression
    ...counted(2, extensions),
  ];
  const handshake = [1, ...counted(3, body)];
  return Uint8Array.from([HANDSHAKE_RECORD, ...uint16(0x0301), ...counted(2, handshake)]);
}

function serverName(host: string): readonly number[] {
  return counted(2, [0, ...counted(2, [...new TextEncoder().encode(host)])]);
}

function extension(type: number, content: readonly number[]): readonly number[] {
  return [...uint16(type), ...counted(2, content)];
}

/** Content behind its length, which takes `size` bytes. */
function counted(size: 1 | 2 | 3, content: readonly number[]): readonly number[] {
  const { length } = content;
  return [...[length >> 16, length >> 8, length].slice(3 - size).map((n) => n & 255), ...content];
}

function uint16(value: number): number[] {
  return [value >> 8, value & 255];
}
