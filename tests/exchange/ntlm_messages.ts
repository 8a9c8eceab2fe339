import { Buffer } from "node:buffer";

/**
 * The wire form of the three NTLM messages from the server's side (MS-NLMP 2.2.1), written from the
 * specification alone: it shares nothing with the client it is there to test.
 */

/** Negotiate flags (MS-NLMP 2.2.2.5). */
export const NTLM_FLAGS = {
  unicode: 0x00000001,
  requestTarget: 0x00000004,
  sign: 0x00000010,
  seal: 0x00000020,
  ntlm: 0x00000200,
  alwaysSign: 0x00008000,
  targetTypeDomain: 0x00010000,
  extendedSessionSecurity: 0x00080000,
  targetInfo: 0x00800000,
  version: 0x02000000,
  key128: 0x20000000,
  keyExchange: 0x40000000,
  key56: 0x80000000,
} as const;

/** AvId of the pairs in target information (MS-NLMP 2.2.2.1). */
export const AV_IDS = {
  end: 0,
  netbiosComputer: 1,
  netbiosDomain: 2,
  dnsComputer: 3,
  dnsDomain: 4,
  dnsTree: 5,
  flags: 6,
  timestamp: 7,
  targetName: 9,
  channelBindings: 10,
} as const;

/** MsvAvFlags: the message carries a MIC. */
export const AV_FLAG_MIC = 0x2;

export type AvPairs = ReadonlyMap<number, Buffer>;

export interface NegotiateMessage {
  readonly flags: number;
}

export interface AuthenticateMessage {
  readonly flags: number;
  readonly user: string;
  readonly domain: string;
  readonly ntResponse: Buffer;
  readonly encryptedSessionKey: Buffer;
  /** Where the MIC stands in the message if there is one. */
  readonly mic: Buffer;
}

/** The response to an NTLMv2 challenge: a proof and what it was computed over (2.2.2.8). */
export interface Ntlmv2Response {
  readonly proof: Buffer;
  /** NTLMv2_CLIENT_CHALLENGE, the "temp" of MS-NLMP 3.3.2. */
  readonly temp: Buffer;
  /** FILETIME of the client, as it stands there. */
  readonly timestamp: bigint;
  readonly pairs: AvPairs;
}

/** A message that no client that follows the specification sends. */
export class NtlmMalformed extends Error {
  override readonly name = "NtlmMalformed";
}

const SIGNATURE = Buffer.from("NTLMSSP\0", "latin1");
const MIC_AT = 72;
const MIC_BYTES = 16;
/** Windows Server 2019, NTLM revision 15. */
const VERSION = Buffer.from([10, 0, 0x63, 0x45, 0, 0, 0, 15]);

/** 1, 2 or 3; undefined if it is no NTLM message. */
export function messageTypeOf(message: Buffer): number | undefined {
  const isNtlm = message.length >= 12 && message.subarray(0, 8).equals(SIGNATURE);
  return isNtlm ? message.readUInt32LE(8) : undefined;
}

export function decodeNegotiate(message: Buffer): NegotiateMessage {
  if (message.length < 16) throw new NtlmMalformed("NEGOTIATE_MESSAGE is cut short");
  return { flags: message.readUInt32LE(12) };
}

export interface Challenge {
  readonly flags: number;
  /** 8 bytes. */
  readonly serverChallenge: Buffer;
  readonly targetName: string;
  readonly targetInfo: readonly (readonly [id: number, value: Buffer])[];
}

export function encodeChallenge(challenge: Challenge): Buffer {
  const targetName = Buffer.from(challenge.targetName, "utf16le");
  const targetInfo = encodeAvPairs(challenge.targetInfo);
  const head = Buffer.alloc(56);
  SIGNATURE.copy(head);
  head.writeUInt32LE(2, 8);
  writeField(head, 12, targetName.length, head.length);
  head.writeUInt32LE(challenge.flags >>> 0, 20);
  challenge.serverChallenge.copy(head, 24);
  writeField(head, 40, targetInfo.length, head.length + targetName.length);
  VERSION.copy(head, 48);
  return Buffer.concat([head, targetName, targetInfo]);
}

function writeField(head: Buffer, at: number, length: number, offset: number): void {
  head.writeUInt16LE(length, at);
  head.writeUInt16LE(length, at + 2);
  head.writeUInt32LE(offset, at + 4);
}

export function decodeAuthenticate(message: Buffer): AuthenticateMessage {
  if (message.length < 64) throw new NtlmMalformed("AUTHENTICATE_MESSAGE is cut short");
  const flags = message.readUInt32LE(60);
  const encoding = flags & NTLM_FLAGS.unicode ? "utf16le" : "latin1";
  return {
    flags,
    ntResponse: field(message, 20),
    domain: field(message, 28).toString(encoding),
    user: field(message, 36).toString(encoding),
    encryptedSessionKey: field(message, 52),
    mic: message.subarray(MIC_AT, MIC_AT + MIC_BYTES),
  };
}

/** The message as it was when its MIC was computed: with zeros in the MIC's place. */
export function withoutMic(message: Buffer): Buffer {
  const copy = Buffer.from(message);
  copy.fill(0, MIC_AT, MIC_AT + MIC_BYTES);
  return copy;
}

function field(message: Buffer, at: number): Buffer {
  const length = message.readUInt16LE(at);
  const offset = message.readUInt32LE(at + 4);
  if (length > 0 && offset + length > message.length) {
    throw new NtlmMalformed("A field reaches beyond the end of the message");
  }
  return message.subarray(offset, offset + length);
}

/** Undefined if it is not an NTLMv2 response: those of NTLMv1 have 24 bytes. */
export function decodeNtlmv2Response(response: Buffer): Ntlmv2Response | undefined {
  const temp = response.subarray(16);
  if (temp.length < 32 || temp[0] !== 1 || temp[1] !== 1) return undefined;
  return {
    proof: response.subarray(0, 16),
    temp,
    timestamp: temp.readBigUInt64LE(8),
    pairs: decodeAvPairs(temp.subarray(28)),
  };
}

function encodeAvPairs(pairs: readonly (readonly [id: number, value: Buffer])[]): Buffer {
  return Buffer.concat([...pairs, [AV_IDS.end, Buffer.alloc(0)] as const].flatMap(([id, value]) => {
    const head = Buffer.alloc(4);
    head.writeUInt16LE(id, 0);
    head.writeUInt16LE(value.length, 2);
    return [head, value];
  }));
}

function decodeAvPairs(bytes: Buffer): AvPairs {
  const pairs = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= bytes.length;) {
    const id = bytes.readUInt16LE(at);
    const length = bytes.readUInt16LE(at + 2);
    if (id === AV_IDS.end) return pairs;
    pairs.set(id, bytes.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  throw new NtlmMalformed("AV pairs without MsvAvEOL");
}
