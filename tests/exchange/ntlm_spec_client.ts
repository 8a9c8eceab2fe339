import { Buffer } from "node:buffer";
import { createHash, createHmac } from "node:crypto";

/**
 * The client's side of NTLMv2, computed step by step from MS-NLMP 3.3.2 for tests of the server.
 * Every part can be left out or spoiled.
 */
export interface SpecClient {
  readonly user: string;
  readonly domain: string;
  readonly password: string;
  /** Data of the `tls-server-end-point` binding to send; absent: none is sent. */
  readonly endpointHash?: Buffer;
  readonly withMic?: boolean;
  /** Encrypts a session key of its own, so that the MIC needs RC4. */
  readonly withKeyExchange?: boolean;
}

const NEGOTIATE_FLAGS = 0xe2088297; // what Windows sends: Unicode, sign, 128, key exchange, …
const SESSION_KEY = Buffer.alloc(16, 0x55);
const AV_FLAGS = 6;
const AV_CHANNEL_BINDINGS = 10;

export function negotiateMessage(): Buffer {
  const message = Buffer.alloc(40);
  message.write("NTLMSSP\0", "latin1");
  message.writeUInt32LE(1, 8);
  message.writeUInt32LE(NEGOTIATE_FLAGS, 12);
  return message;
}

export function authenticateMessage(challenge: Buffer, client: SpecClient): Buffer {
  const serverChallenge = challenge.subarray(24, 32);
  const infoLength = challenge.readUInt16LE(40);
  const infoAt = challenge.readUInt32LE(44);
  const info = challenge.subarray(infoAt, infoAt + infoLength - 4);
  const key = hmac(
    createHash("md4").update(utf16(client.password)).digest(),
    utf16(client.user.toUpperCase() + client.domain),
  );
  const temp = Buffer.concat([
    Buffer.from([1, 1, 0, 0, 0, 0, 0, 0]),
    timestampIn(info),
    Buffer.alloc(8, 0xaa),
    Buffer.alloc(4),
    info,
    ownPairs(client),
    Buffer.alloc(8),
  ]);
  const proof = hmac(key, serverChallenge, temp);
  const sessionBaseKey = hmac(key, proof);
  const message = encoded(client, Buffer.concat([proof, temp]), sessionBaseKey);
  if (client.withMic) {
    const exported = client.withKeyExchange ? SESSION_KEY : sessionBaseKey;
    hmac(exported, negotiateMessage(), challenge, message).copy(message, 72);
  }
  return message;
}

function ownPairs({ withMic, endpointHash }: SpecClient): Buffer {
  const flags = Buffer.from([AV_FLAGS, 0, 4, 0, 2, 0, 0, 0]);
  const bindings = Buffer.from([AV_CHANNEL_BINDINGS, 0, 16, 0]);
  return Buffer.concat([
    ...(withMic ? [flags] : []),
    ...(endpointHash ? [bindings, bindingsHash(endpointHash)] : []),
  ]);
}

/** RFC 5929 over the structure of RFC 2744, 3.11: five lengths or types, then the data. */
function bindingsHash(endpointHash: Buffer): Buffer {
  const data = Buffer.concat([Buffer.from("tls-server-end-point:"), endpointHash]);
  const structure = Buffer.concat([Buffer.alloc(16), Buffer.from([data.length, 0, 0, 0]), data]);
  return createHash("md5").update(structure).digest();
}

function encoded(client: SpecClient, ntResponse: Buffer, sessionBaseKey: Buffer): Buffer {
  const fields = [
    Buffer.alloc(24),
    ntResponse,
    utf16(client.domain),
    utf16(client.user),
    utf16("WORKSTATION"),
    client.withKeyExchange ? rc4(sessionBaseKey, SESSION_KEY) : Buffer.alloc(0),
  ];
  const head = Buffer.alloc(88);
  head.write("NTLMSSP\0", "latin1");
  head.writeUInt32LE(3, 8);
  let offset = head.length;
  for (const [index, value] of fields.entries()) {
    head.writeUInt16LE(value.length, 12 + index * 8);
    head.writeUInt16LE(value.length, 14 + index * 8);
    head.writeUInt32LE(offset, 16 + index * 8);
    offset += value.length;
  }
  const keyExchange = 0x40000000;
  head.writeUInt32LE(client.withKeyExchange ? NEGOTIATE_FLAGS : NEGOTIATE_FLAGS - keyExchange, 60);
  return Buffer.concat([head, ...fields]);
}

function timestampIn(info: Buffer): Buffer {
  for (let at = 0; at < info.length; at += 4 + info.readUInt16LE(at + 2)) {
    if (info.readUInt16LE(at) === 7) return info.subarray(at + 4, at + 12);
  }
  throw new Error("The challenge has no timestamp");
}

function rc4(key: Buffer, data: Buffer): Buffer {
  const box = [...Array(256).keys()];
  for (let i = 0, j = 0; i < 256; i++) {
    j = (j + box[i]! + key[i % 16]!) % 256;
    [box[i], box[j]] = [box[j]!, box[i]!];
  }
  let x = 0;
  let y = 0;
  const out = [...data].map((byte) => {
    x = (x + 1) % 256;
    y = (y + box[x]!) % 256;
    [box[x], box[y]] = [box[y]!, box[x]!];
    return byte ^ box[(box[x]! + box[y]!) % 256]!;
  });
  return Buffer.from(out);
}

function hmac(key: Buffer, ...parts: readonly Buffer[]): Buffer {
  return createHmac("md5", key).update(Buffer.concat(parts)).digest();
}

function utf16(text: string): Buffer {
  return Buffer.from(text, "utf16le");
}
