import { Buffer } from "node:buffer";
import { assert, SyncError } from "../core/errors.ts";
import { LIMITS } from "../core/limits.ts";
import type { NtlmAccount } from "./ntlm_account.ts";
import { hmacMd5, lmV2Response, ntlmV2Response, ntowfV2, utf16le } from "./ntlm_v2.ts";

/** Negotiate flags of [MS-NLMP] 2.2.2.5 that we send or look at. */
const FLAG = {
  unicode: 0x0000_0001,
  oem: 0x0000_0002,
  requestTarget: 0x0000_0004,
  ntlm: 0x0000_0200,
  alwaysSign: 0x0000_8000,
  extendedSessionSecurity: 0x0008_0000,
  targetInfo: 0x0080_0000,
  version: 0x0200_0000,
  negotiate128: 0x2000_0000,
  negotiate56: 0x8000_0000,
} as const;

/** No key exchange, signing or sealing: over HTTP nothing is ever signed, and RC4 is not needed. */
const NEGOTIATE_FLAGS = Object.values(FLAG).reduce((flags, flag) => (flags | flag) >>> 0, 0);

/** AvId of [MS-NLMP] 2.2.2.1. */
const AV = {
  eol: 0,
  computerName: 1,
  flags: 6,
  timestamp: 7,
  targetName: 9,
  channelBindings: 10,
} as const;

/** MsvAvFlags: the message carries a MIC. */
const AV_FLAG_MIC = 0x2;

const SIGNATURE = Buffer.from("NTLMSSP\0", "latin1");
/** [MS-NLMP] 2.2.2.10: Windows 10 build 19041, NTLM revision 15. Only for the peer's logs. */
const VERSION = Uint8Array.of(10, 0, 0x61, 0x4a, 0, 0, 0, 15);

const NEGOTIATE_BYTES = 40;
const CHALLENGE_BYTES_MIN = 48;
/** With VERSION and MIC; some servers refuse a payload that begins earlier. */
const AUTHENTICATE_HEADER_BYTES = 88;
const MIC_OFFSET = 72;

export interface AvPair {
  readonly id: number;
  readonly value: Uint8Array;
}

/** What a server's CHALLENGE says. */
export interface NtlmChallenge {
  /** The whole message: the MIC covers it. */
  readonly bytes: Uint8Array;
  readonly flags: number;
  /** 8 bytes. */
  readonly serverChallenge: Uint8Array;
  /** In the server's order, without the terminator. */
  readonly targetInfo: readonly AvPair[];
}

export interface AuthenticateInputs {
  readonly account: NtlmAccount;
  readonly password: string;
  /** The NEGOTIATE as sent: the MIC covers it. */
  readonly negotiate: Uint8Array;
  readonly challenge: NtlmChallenge;
  /** Service principal name, e.g. `HTTP/mail.example.com`. */
  readonly targetName: string;
  /** MD5 of the channel bindings (16 bytes); absent without TLS. */
  readonly channelBinding?: Uint8Array;
  /** 8 random bytes, never used twice. */
  readonly clientChallenge: Uint8Array;
  /** Our time, for servers that do not state theirs. */
  readonly now: Date;
}

/** The NEGOTIATE message, [MS-NLMP] 2.2.1.1: always the same 40 bytes, naming no one. */
export function encodeNegotiate(): Uint8Array {
  const message = Buffer.alloc(NEGOTIATE_BYTES);
  message.set(SIGNATURE);
  message.writeUInt32LE(1, 8);
  message.writeUInt32LE(NEGOTIATE_FLAGS, 12);
  message.set(VERSION, 32);
  return message;
}

/**
 * Reads a CHALLENGE message, [MS-NLMP] 2.2.1.2. Whatever the bytes are, the only failure is a
 * `SyncError` with code `NtlmChallengeInvalid`.
 */
export function decodeChallenge(bytes: Uint8Array): NtlmChallenge {
  const message = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (message.length > LIMITS.ntlmChallengeBytesMax) throw invalidChallenge("it is too long");
  if (message.length < CHALLENGE_BYTES_MIN) throw invalidChallenge("it is too short");
  if (!message.subarray(0, 8).equals(SIGNATURE) || message.readUInt32LE(8) !== 2) {
    throw invalidChallenge("it is another kind of message");
  }
  const flags = message.readUInt32LE(20);
  if ((flags & FLAG.unicode) === 0) throw invalidChallenge("it does not speak Unicode");
  const hasTargetInfo = (flags & FLAG.targetInfo) !== 0;
  return {
    bytes: message,
    flags,
    serverChallenge: message.subarray(24, 32),
    targetInfo: hasTargetInfo ? decodeAvPairs(payloadOf(message, 40)) : [],
  };
}

/** MsvAvNbComputerName in hex: which server challenges. Absent where it does not say. */
export function computerNameOf({ targetInfo }: NtlmChallenge): string | undefined {
  return valueOf(targetInfo, AV.computerName)?.toHex();
}

/**
 * The AUTHENTICATE message, [MS-NLMP] 2.2.1.3 and 3.1.5.1.2: NTLMv2, with channel binding and target
 * name, and with a MIC exactly where the server stated its time.
 */
export function encodeAuthenticate(inputs: AuthenticateInputs): Uint8Array {
  const { account, challenge, clientChallenge, negotiate } = inputs;
  assert(clientChallenge.length === 8, "a client challenge has 8 bytes");
  const serverTime = valueOf(challenge.targetInfo, AV.timestamp);
  const response = {
    serverChallenge: challenge.serverChallenge,
    clientChallenge,
    timestamp: serverTime ?? fileTimeOf(inputs.now),
    targetInfo: encodeAvPairs(answeredTargetInfo(inputs, serverTime !== undefined)),
  };
  const key = ntowfV2(account, inputs.password);
  const { nt, sessionKey } = ntlmV2Response(key, response);
  const message = layOut({
    lm: serverTime ? new Uint8Array(24) : lmV2Response(key, response),
    nt,
    domain: utf16le(account.domain),
    user: utf16le(account.user),
    flags: (challenge.flags & NEGOTIATE_FLAGS & ~FLAG.oem) >>> 0,
  });
  // The MIC is computed over the message with its own field zero.
  if (serverTime) message.set(hmacMd5(sessionKey, negotiate, challenge.bytes, message), MIC_OFFSET);
  return message;
}

/** The server's pairs as the client returns them: with flags, channel binding and target name. */
function answeredTargetInfo(inputs: AuthenticateInputs, mic: boolean): readonly AvPair[] {
  const { targetInfo } = inputs.challenge;
  const ours: readonly number[] = mic
    ? [AV.flags, AV.channelBindings, AV.targetName]
    : [AV.channelBindings, AV.targetName];
  const stated = valueOf(targetInfo, AV.flags);
  const flags = Buffer.alloc(4);
  flags.writeUInt32LE(((stated ? Buffer.from(stated).readUInt32LE(0) : 0) | AV_FLAG_MIC) >>> 0);
  return [
    ...targetInfo.filter((pair) => !ours.includes(pair.id)),
    ...(mic ? [{ id: AV.flags, value: flags }] : []),
    // All zero means "no channel": what is sent without TLS.
    { id: AV.channelBindings, value: inputs.channelBinding ?? new Uint8Array(16) },
    { id: AV.targetName, value: utf16le(inputs.targetName) },
  ];
}

interface AuthenticateParts {
  readonly lm: Uint8Array;
  readonly nt: Uint8Array;
  readonly domain: Uint8Array;
  readonly user: Uint8Array;
  readonly flags: number;
}

function layOut({ lm, nt, domain, user, flags }: AuthenticateParts): Buffer {
  const nothing = new Uint8Array(0);
  // Order of the fields in the header: workstation and session key are always empty.
  const fields = [lm, nt, domain, user, nothing, nothing];
  const header = Buffer.alloc(AUTHENTICATE_HEADER_BYTES);
  header.set(SIGNATURE);
  header.writeUInt32LE(3, 8);
  let offset = AUTHENTICATE_HEADER_BYTES;
  fields.forEach((field, index) => {
    assert(field.length <= 0xffff, "a field of an NTLM message fits its length");
    header.writeUInt16LE(field.length, 12 + index * 8);
    header.writeUInt16LE(field.length, 14 + index * 8);
    header.writeUInt32LE(offset, 16 + index * 8);
    offset += field.length;
  });
  header.writeUInt32LE(flags, 60);
  header.set(VERSION, 64);
  return Buffer.concat([header, ...fields]);
}

/** The payload that a length and an offset at `at` describe. */
function payloadOf(message: Buffer, at: number): Buffer {
  const length = message.readUInt16LE(at);
  const offset = message.readUInt32LE(at + 4);
  if (offset + length > message.length) throw invalidChallenge("a field lies outside of it");
  return message.subarray(offset, offset + length);
}

/** Some servers leave the terminator out: the list ends with it or with the bytes. */
function decodeAvPairs(bytes: Buffer): readonly AvPair[] {
  const pairs: AvPair[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    if (offset + 4 > bytes.length) throw invalidChallenge("a pair of its target info is cut");
    const id = bytes.readUInt16LE(offset);
    if (id === AV.eol) break;
    const end = offset + 4 + bytes.readUInt16LE(offset + 2);
    if (end > bytes.length) throw invalidChallenge("a pair of its target info is cut");
    pairs.push(checkedPair(id, bytes.subarray(offset + 4, end)));
    offset = end;
  }
  return pairs;
}

function checkedPair(id: number, value: Uint8Array): AvPair {
  if (id === AV.timestamp && value.length !== 8) throw invalidChallenge("its time is malformed");
  if (id === AV.flags && value.length !== 4) throw invalidChallenge("its flags are malformed");
  return { id, value };
}

function encodeAvPairs(pairs: readonly AvPair[]): Uint8Array {
  const encoded = [...pairs, { id: AV.eol, value: new Uint8Array(0) }].flatMap(({ id, value }) => {
    const head = Buffer.alloc(4);
    head.writeUInt16LE(id, 0);
    head.writeUInt16LE(value.length, 2);
    return [head, value];
  });
  return Buffer.concat(encoded);
}

function valueOf(pairs: readonly AvPair[], id: number): Uint8Array | undefined {
  return pairs.find((pair) => pair.id === id)?.value;
}

/** 100 ns since 1601, [MS-DTYP] 2.3.3. */
function fileTimeOf(date: Date): Uint8Array {
  const time = Buffer.alloc(8);
  time.writeBigUInt64LE((BigInt(date.getTime()) + 11_644_473_600_000n) * 10_000n);
  return time;
}

function invalidChallenge(reason: string): SyncError {
  return new SyncError(
    "mailbox",
    "NtlmChallengeInvalid",
    `Server sent an NTLM challenge that cannot be used: ${reason}`,
    {
      hint:
        "Check that the endpoint is Exchange itself and that no proxy rewrites WWW-Authenticate",
    },
  );
}
