import { Buffer } from "node:buffer";
import { createHash, createHmac } from "node:crypto";
import type { NtlmAccount } from "./ntlm_account.ts";

/** UTF-16 little endian without terminator: every string of an NTLM message and of its hashes. */
export function utf16le(text: string): Uint8Array {
  return Buffer.from(text, "utf16le");
}

/** NTOWFv2 of [MS-NLMP] 3.3.2: the key of all responses of one account. 16 bytes, secret. */
export function ntowfV2(account: NtlmAccount, password: string): Uint8Array {
  const passwordHash = createHash("md4").update(utf16le(password)).digest();
  return hmacMd5(passwordHash, utf16le(upperCase(account.user) + account.domain));
}

/** What an NTLMv2 response is computed from, beside the key. */
export interface NtlmV2Inputs {
  /** 8 bytes from the CHALLENGE. */
  readonly serverChallenge: Uint8Array;
  /** 8 random bytes of ours, never used twice. */
  readonly clientChallenge: Uint8Array;
  /** A FILETIME, 8 bytes. */
  readonly timestamp: Uint8Array;
  /** Encoded AV pairs, terminator included. */
  readonly targetInfo: Uint8Array;
}

export interface NtlmV2Response {
  /** `NtChallengeResponse`: NTProofStr and the structure it proves. */
  readonly nt: Uint8Array;
  /** SessionBaseKey, which is also the exported key as key exchange is never negotiated. */
  readonly sessionKey: Uint8Array;
}

/** The NTLMv2 response of [MS-NLMP] 3.3.2. */
export function ntlmV2Response(key: Uint8Array, inputs: NtlmV2Inputs): NtlmV2Response {
  const proven = Buffer.concat([
    Uint8Array.of(1, 1, 0, 0, 0, 0, 0, 0), // RespType, HiRespType, Reserved1, Reserved2
    inputs.timestamp,
    inputs.clientChallenge,
    new Uint8Array(4), // Reserved3
    inputs.targetInfo,
    new Uint8Array(4),
  ]);
  const proof = hmacMd5(key, inputs.serverChallenge, proven);
  return { nt: Buffer.concat([proof, proven]), sessionKey: hmacMd5(key, proof) };
}

/** The LMv2 response of [MS-NLMP] 3.3.2, for servers that send no timestamp. */
export function lmV2Response(
  key: Uint8Array,
  { serverChallenge, clientChallenge }: NtlmV2Inputs,
): Uint8Array {
  return Buffer.concat([hmacMd5(key, serverChallenge, clientChallenge), clientChallenge]);
}

export function hmacMd5(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const hmac = createHmac("md5", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

/** Upper case as Windows has it: unit by unit, hence "ß" stays and nothing changes its length. */
function upperCase(text: string): string {
  return text.split("").map(upperCaseUnit).join("");
}

/**
 * Windows's table maps one unit to one, and none of those excepted here, which Unicode maps: "µ",
 * Georgian, and the letters outside ASCII whose capital is inside it ("ı", "ſ").
 */
function upperCaseUnit(unit: string): string {
  const upper = unit.toUpperCase();
  const excepted = unit === "µ" || (unit >= "\u10d0" && unit <= "\u10ff") ||
    (unit >= "\u0080" && upper < "\u0080");
  return upper.length === 1 && !excepted ? upper : unit;
}
